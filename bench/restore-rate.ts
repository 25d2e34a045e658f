import type { Redis } from 'ioredis';
import { RedisConnection } from '../src/lib/connections/redis.ts';
import { RESTORE_SCRIPT } from '../src/lib/session/restore-script.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { toWireTime } from '../src/lib/session/wire-time.ts';
import { connect, startRedis } from './bench-engines.ts';
import { startEmbeddedValkey } from './embedded-valkey.ts';
import { pinApart } from './pinning.ts';
import { startSession } from './signed-in-user.ts';
import { measureInTurn, median } from './statistics.ts';
import { table } from './table.ts';

const ROUNDS = 25;
const WARM_UP = 10;
const REQUESTS_A_ROUND = 200;
/** Requests that are under way at one time where they do not wait for one another. */
const AT_ONCE = 100;
/** Seconds. */
const TTL = 3600;

/** How the flight that restores a session compares with a plain GET of it on the same connection. */
export async function restoreRate(): Promise<string> {
  return [await native(), await embedded()].join('\n\n');
}

async function native(): Promise<string> {
  const { engine, name } = await startRedis();
  const pinning = pinApart([engine.pid]);
  const connection = connect(engine.url);
  try {
    const where = `${name}, ${pinning.note}`;
    return [
      `Restore, one request after the other (${where})`,
      await compare(connection, inSequence),
      `Restore, ${AT_ONCE} requests at once (${where})`,
      await compare(connection, pipelined),
    ].join('\n\n');
  } finally {
    connection.close();
    pinning.release();
    await engine.dispose();
  }
}

async function embedded(): Promise<string> {
  const valkey = await startEmbeddedValkey();
  const pinning = pinApart([valkey.pid]);
  const connection = new RedisConnection(valkey.target);
  try {
    const { valkeyVersion } = await new SessionStore(connection).facts();
    return [
      `Restore, one request after the other (Valkey ${valkeyVersion}, embedded, ${pinning.note})`,
      await compare(connection, inSequence),
    ].join('\n\n');
  } finally {
    connection.close();
    pinning.release();
    await valkey.dispose();
  }
}

type Timing = (request: () => Promise<unknown>) => Promise<number>;

/** A table of what is sent for a restore, beside a plain GET. */
async function compare(connection: RedisConnection, timing: Timing): Promise<string> {
  const { token, mark, wire } = await startSession(connection);
  const store = new SessionStore(connection);
  const redis = await clientOf(connection);
  const key = `session:${token}`;
  const credential = { token, mark, userId: wire.user_id };
  const subjects = {
    'plain GET': () => timing(() => redis.get(key)),
    'GET by our connection': () => timing(() => connection.flight((client) => [client.get(key)])),
    'restore script alone': () =>
      timing(() => redis.eval(RESTORE_SCRIPT, 1, key, toWireTime(new Date()), TTL * 1000)),
    'whole restore flight': () => timing(() => store.restore(credential, TTL, new Date())),
  };
  await measureInTurn(WARM_UP, subjects);
  const measured = await measureInTurn(ROUNDS, subjects);
  const rows = [...measured].map(([what, { median: ms, ratio }]) => [
    what,
    (ms * 1000).toFixed(0),
    (1000 / ms).toFixed(0),
    (1 / ratio).toFixed(2),
  ]);
  return table(['', 'µs', 'a second', 'of GET'], rows);
}

/** The bare client beneath a connection, so that the GET bears none of our own work. */
async function clientOf(connection: RedisConnection): Promise<Redis> {
  let client: Redis | undefined;
  await connection.flight((redis) => {
    client = redis;
    return [redis.ping()];
  });
  if (!client) throw new Error('no client');
  return client;
}

/** Milliseconds for one request; the next is sent when the last has been answered. */
async function inSequence(request: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < REQUESTS_A_ROUND; count++) {
    const start = performance.now();
    await request();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Milliseconds for each of many requests that are sent together. */
async function pipelined(request: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < REQUESTS_A_ROUND; count += AT_ONCE) {
    const start = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, request));
    times.push((performance.now() - start) / AT_ONCE);
  }
  return median(times);
}
