import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { AppError } from '../errors.ts';
import { boundNameResolution } from './name-resolution.ts';
import type { RedisAddress } from './redis-address.ts';

/** Where a client connects to: a server on TCP, or the unix socket of the embedded one. */
export type RedisTarget = RedisAddress | { readonly socket: string };

/** Milliseconds from the first byte to the last reply of a flight, connecting included. */
const FLIGHT_TIMEOUT = 1_500;
/**
 * Milliseconds. A flight's time is counted in steps in which we looked for replies: where the machine is too busy to
 * let us run, that is no sign that the server is silent.
 */
const STEP = 100;

/**
 * One connection to Redis. Everything goes through {@link RedisConnection.flight}, so that AUTH and SELECT
 * travel with the first commands instead of in a flight of their own, and so that every failure has one of
 * the three classes of engine errors.
 */
export class RedisConnection {
  readonly #target: RedisTarget;
  #client: Redis | undefined;
  #opening: Promise<unknown> | undefined;
  /** ioredis rejects with "Connection is closed." and tells why only in its `error` event. */
  #lastError: unknown;

  constructor(target: RedisTarget) {
    this.#target = target;
  }

  /**
   * Sends commands together and waits for all of their replies: one flight.
   * @param issue issues the commands, all in one tick, and returns their promises. A reply that may be an
   *   error is caught in there.
   * @param timeout milliseconds for the whole flight
   * @throws AppError `unreachable`, `refusing_work` or `misconfigured`, for the first command that failed; a
   *   failed AUTH or SELECT outranks every reply after it.
   */
  async flight<T extends readonly unknown[]>(
    issue: (redis: Redis) => readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
    timeout = FLIGHT_TIMEOUT,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      let left = timeout;
      timer = setInterval(() => {
        left -= STEP;
        if (left <= 0) reject(new AppError('unreachable', of('ETIMEDOUT')));
      }, STEP);
    });
    try {
      return await Promise.race([this.#send(issue), tooLate]);
    } catch (error) {
      const failure = error instanceof AppError ? error : redisFailure(error, this.#lastError);
      if (failure.reason === 'unreachable') this.close();
      throw failure;
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends the connection. Nothing is sent, and nothing is waited for. */
  close(): void {
    const client = this.#client;
    // ioredis gives the other side two seconds to hang up, and waits for a stream that is gone as well: a server that
    // refused us, or a black hole, would hold up our exit.
    if (!client || client.status === 'end') return;
    client.disconnect();
    client.stream?.destroy();
  }

  async #send<T extends readonly unknown[]>(
    issue: (redis: Redis) => readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
  ): Promise<T> {
    const isFirst = this.#client === undefined;
    const client = this.#client ?? this.#open();
    await this.#opening;
    const { prologue, replies } = inOneWrite(client, () => ({
      prologue: isFirst ? this.#prologue(client) : [],
      replies: issue(client),
    }));
    const settled = await Promise.allSettled([...prologue, ...replies]);
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
    const values = settled.map((each) => (each as PromiseFulfilledResult<unknown>).value);
    return values.slice(prologue.length) as unknown as T;
  }

  #open(): Redis {
    const client = new Redis({ ...CLIENT_OPTIONS, ...placeOf(this.#target) });
    client.on('error', (error) => {
      this.#lastError = error;
    });
    this.#client = client;
    this.#opening = client.connect();
    return client;
  }

  /** AUTH and SELECT; given as options, ioredis would wait for each of them. */
  #prologue(client: Redis): Promise<unknown>[] {
    if ('socket' in this.#target) return [];
    const { username, password, db } = this.#target;
    const commands: Promise<unknown>[] = [];
    if (password !== undefined) {
      commands.push(misconfiguredOnError(client.call('AUTH', ...(username ? [username] : []), password)));
    }
    if (db !== 0) commands.push(misconfiguredOnError(client.select(db)));
    return commands;
  }
}

const CLIENT_OPTIONS = {
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

/** Lets commands leave as one piece: in one system call instead of one each. */
function inOneWrite<T>(client: Redis, issue: () => T): T {
  client.stream.cork();
  try {
    return issue();
  } finally {
    client.stream.uncork();
  }
}

function placeOf(target: RedisTarget) {
  if ('socket' in target) return { path: target.socket };
  const { host, port } = target;
  boundNameResolution(host);
  if (!target.tls) return { host, port };
  const ca = readCa(target.tlsCa);
  return { host, port, tls: { ...(isIP(host) ? {} : { servername: host }), ...(ca ? { ca } : {}) } };
}

function readCa(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch {
    throw new AppError('invalid_setting', { setting: 'REDIS_TLS_CA', problem: 'unreadable_file' });
  }
}

const of = (detail: string) => ({ engine: 'redis', detail });

/** What a server without room for one more client answers to whatever comes first. */
const IS_FULL = /max number of clients/;

/** Whatever a server has against AUTH or SELECT is in the configuration, but for a server that starts or is full. */
async function misconfiguredOnError(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    const failure = redisFailure(error, undefined);
    const isRefusal = failure.params.detail === 'ERR' && !IS_FULL.test((error as Error).message);
    throw isRefusal ? new AppError('misconfigured', of('ERR')) : failure;
  }
}

/**
 * Sorts an error of ioredis into the classes of engine errors. The error itself carries the command with its
 * arguments, so neither it nor its message goes any further: only its code does.
 */
function redisFailure(error: unknown, lastError: unknown): AppError {
  if (isReplyError(error)) return replyFailure(error.message);
  for (const each of [error, lastError]) {
    const code = (each as NodeJS.ErrnoException | undefined)?.code;
    if (typeof code === 'string') {
      return new AppError(isTlsCode(code) ? 'misconfigured' : 'unreachable', of(code));
    }
    // ioredis' words for bytes that are no RESP: the other side is no Redis.
    if ((each as Error | undefined)?.message?.startsWith('Unknown RESP type')) {
      return new AppError('misconfigured', of('PROTOCOL'));
    }
  }
  return new AppError('unreachable', of('ECONNRESET'));
}

const MISCONFIGURED_REPLIES = new Set(['WRONGPASS', 'NOAUTH', 'NOPERM', 'MOVED', 'ASK']);

function replyFailure(message: string): AppError {
  // Redis 6.2 words an error inside a script as "ERR Error running script (...): @user_script:3: -OOM command ...".
  const inScript = /^ERR Error running script.*-([A-Z]+) /.exec(message)?.[1];
  const code = inScript ?? /^[A-Z]+/.exec(message)?.[0] ?? 'ERR';
  if (code === 'LOADING') return new AppError('unreachable', of(code));
  if (MISCONFIGURED_REPLIES.has(code)) return new AppError('misconfigured', of(code));
  if (/ACL failure in script|user executing the script can't/i.test(message)) {
    return new AppError('misconfigured', of('NOPERM'));
  }
  return new AppError('refusing_work', of(code));
}

function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** OpenSSL's and Node's names for a certificate that is not trusted, or a peer that does not speak TLS. */
function isTlsCode(code: string): boolean {
  return /CERT|UNABLE_TO_|^ERR_SSL_|^ERR_TLS_|^EPROTO$|_CA$|HOSTNAME_MISMATCH/.test(code);
}
