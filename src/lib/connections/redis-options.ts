import type { Writable } from 'node:stream';
import type { RedisOptions } from 'ioredis';
import { AppError } from '../errors.ts';
import { readFileInTime } from '../read-file-in-time.ts';

/** How ioredis is to behave, whatever it connects to. */
export const CLIENT_OPTIONS = {
  lazyConnect: true,
  // No INFO, CLIENT SETINFO or HELLO before our first command: each would cost a flight.
  enableReadyCheck: false,
  disableClientInfo: true,
  protocol: 2,
  // A command runs once: whoever typed it may try again, and sees an answer in time.
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
} satisfies RedisOptions;

/**
 * Options of TLS.
 * @param ca path of a private certificate authority, in PEM
 * @throws AppError `invalid_setting` where that cannot be read
 */
export function tlsOptions(ca: string | undefined): { readonly ca?: string } {
  if (ca === undefined) return {};
  try {
    return { ca: readFileInTime(ca) };
  } catch {
    throw new AppError('invalid_setting', { setting: 'REDIS_TLS_CA', problem: 'unreadable_file' });
  }
}

/**
 * Lets what is written meanwhile leave as one piece on each stream: in one system call instead of one each. Joined
 * before the stream has it, as the list of pieces that cork() leads to takes it a good while longer.
 */
export function inOneWrite<T>(streams: readonly Writable[], write: () => T): T {
  const pieces = streams.map((stream) => new Joined(stream));
  try {
    return write();
  } finally {
    for (const each of pieces) each.release();
    for (const each of pieces) each.send();
  }
}

/** What is written to a stream, held back. */
class Joined {
  readonly #stream: Writable;
  readonly #write: Writable['write'];
  #text = '';

  constructor(stream: Writable) {
    this.#stream = stream;
    this.#write = stream.write;
    stream.write = (piece: unknown) => {
      // ioredis makes a Buffer of a command that has one among its arguments, and none of ours has.
      if (typeof piece !== 'string') throw new TypeError('a command that is no text');
      this.#text += piece;
      return true;
    };
  }

  /** What is written from now on is not held back. */
  release(): void {
    this.#stream.write = this.#write;
  }

  send(): void {
    if (this.#text !== '') this.#stream.write(this.#text);
  }
}
