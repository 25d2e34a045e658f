import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { WireSession } from '../src/lib/session/session.ts';
import type { Credential } from '../src/lib/session/session-store.ts';
import { markOf } from '../src/lib/session/session-token.ts';

/** Sessions of which the commands are in memory at one time. */
const BATCH = 5_000;

export interface BulkLoad {
  /** How many sessions to add. */
  readonly sessions: number;
  /** They belong to so many users, in turn. */
  readonly users: number;
  /** The lowest id of these; 1 unless said. */
  readonly firstUser?: number;
  /** What they hold besides their user. */
  readonly wire: WireSession;
  /** Milliseconds. */
  readonly ttlMs: number;
  /** How many of them the caller wants to know, evenly spread. */
  readonly sample: number;
}

/**
 * Adds many sessions as logins would have left them, in a few seconds for a million: written in batches, each answered
 * before the next is made, by a connection that neither queues commands nor keeps replies.
 *
 * Redis moves a table that grows bit by bit, with each command that looks into it, and meanwhile looks into two. Where
 * sessions have come one by one that was over long ago, so it is brought to its end here.
 */
export async function addSessions(port: number, load: BulkLoad): Promise<Credential[]> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const sample: Credential[] = [];
  const every = Math.max(1, Math.floor(load.sessions / load.sample));
  try {
    for (let from = 0; from < load.sessions; from += BATCH) {
      const count = Math.min(BATCH, load.sessions - from);
      const commands: string[] = [];
      for (let number = from; number < from + count; number++) {
        const token = randomBytes(32).toString('base64url');
        const userId = (load.firstUser ?? 1) + (number % load.users);
        const json = JSON.stringify({ ...load.wire, user_id: userId });
        commands.push(
          encode('SADD', `user:${userId}:sessions`, token),
          encode('SET', `session:${token}`, json, 'PX', String(load.ttlMs)),
        );
        if (number % every === 0) sample.push({ token, mark: markOf(token), userId });
      }
      await send(socket, commands);
    }
    const looks = Array<string>(BATCH).fill(encode('EXISTS', 'nothing'));
    for (let count = 0; count < 2 * load.sessions; count += BATCH) await send(socket, looks);
  } finally {
    socket.destroy();
  }
  return sample;
}

function encode(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

async function send(socket: Socket, commands: readonly string[]): Promise<void> {
  const answered = replies(socket, commands.length);
  socket.write(commands.join(''));
  await answered;
}

/** Waits for so many replies of one line each. */
function replies(socket: Socket, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    const settle = (error?: Error) => {
      socket.off('data', onData).off('error', settle).off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = () => settle(new Error('Redis hung up'));
    const onData = (data: Buffer) => {
      if (data.includes('-')) return settle(new Error(`Redis replied ${data.toString().slice(0, 200)}`));
      for (const byte of data) if (byte === 0x0a) left -= 1;
      if (left === 0) settle();
    };
    socket.on('data', onData).on('error', settle).on('close', onClose);
  });
}
