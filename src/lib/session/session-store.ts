import type { Redis } from 'ioredis';
import { addressSeen, clientInfo } from '../connections/client-info.ts';
import type { RedisConnection } from '../connections/redis.ts';
import { redisFailed } from '../connections/redis-errors.ts';
import { RESTORE_SCRIPT } from './restore-script.ts';
import { type EndReason, parseWireSession, type Session, type WireSession } from './session.ts';
import { markOf } from './session-token.ts';
import { toWireTime } from './wire-time.ts';

/**
 * The keys: a wire contract with the Python client. Every command and script touches one key, and nothing
 * assumes that two keys share a slot, so that the same code runs on a Redis Cluster. Where the order of commands on
 * several keys matters they are sent in steps, as nodes of a cluster run theirs independently.
 */
const sessionKey = (token: string) => `session:${token}`;
const indexKey = (userId: number) => `user:${userId}:sessions`;
const revokedKey = (mark: string) => `airbnb:revoked:${mark}`;

/** Seconds for which a session that was ended on purpose is remembered. */
const REVOKED_TTL = 86_400;
/** Tokens that one flight deals with at most, which bounds the memory of a long list. */
const BATCH = 10_000;
/** Milliseconds that a flight of a whole batch may take. */
const BATCH_TIMEOUT = 15_000;
/** So few tokens are dealt with in the time of any other flight: who has few does not wait for a server that is down. */
const FEW = 100;
/** How many members of the index a glance looks at, and how many sessions it reads at most. */
const GLANCED = 10_000;
const GLANCED_SESSIONS = 100;
/** How many members of the index a login looks at to remove the dead ones. */
const PRUNED_AT_LOGIN = 20;

/** A token with its mark and, where it is known before the session is read, its user. */
export interface Credential {
  readonly token: string;
  readonly mark: string;
  readonly userId?: number | undefined;
}

export type Restored = { readonly session: Session } | { readonly ended: EndReason };

/** What a user's index leads to. */
export interface Listing {
  readonly sessions: Session[];
  /** Tokens whose session is there but cannot be read, or says that it is somebody else's. */
  readonly corrupt: string[];
}

/** What some tokens of an index turned out to be. */
interface Found {
  readonly sessions: Session[];
  readonly corrupt: string[];
  /** Tokens without a session. */
  readonly dead: string[];
  /** Tokens of sessions that were ended and that another client has brought back. */
  readonly revived: string[];
}

/** What Redis says of itself and of this connection. */
export interface ServerFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The address from which Redis sees us; null on a unix socket, or where we may not ask. */
  readonly address: string | null;
  /** As `INFO server` has it, such as `7.0.15`; undefined where we may not ask. */
  readonly redisVersion: string | undefined;
  /** Set by Valkey, whose redis_version is that of the Redis it is compatible with. */
  readonly valkeyVersion: string | undefined;
}

type RestoreReply = string | [string, number] | ['expired'] | ['corrupt'] | null;

/** Sessions in Redis: the only module that knows key names. */
export class SessionStore {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  /**
   * Reads a session, moves its last activity to `now` and its TTL to `ttl` seconds. One flight where the user
   * is known and nothing is to be mended, at most three otherwise.
   */
  async restore(credential: Credential, ttl: number, now: Date): Promise<Restored> {
    const { token, mark, userId } = credential;
    const activity = toWireTime(now);
    const [reply, revoked, member, indexTtl] = await this.#redis.flight<
      [RestoreReply, number, number | undefined, number | undefined]
    >((redis) => [
      redis.eval(RESTORE_SCRIPT, 1, sessionKey(token), activity, ttl * 1000) as Promise<RestoreReply>,
      redis.exists(revokedKey(mark)),
      userId === undefined ? Promise.resolve(undefined) : redis.sismember(indexKey(userId), token),
      userId === undefined ? Promise.resolve(undefined) : redis.ttl(indexKey(userId)),
    ]);

    const [json, expiresInMs = ttl * 1000] = typeof reply === 'string' ? [reply] : (reply ?? ['expired']);
    const wire = parseWireSession(json);
    if (revoked === 1) {
      // A client that wrote back what it had read before the end brought it to life again.
      if (reply !== null) await this.#delete(token, wire?.user_id ?? userId);
      return { ended: 'revoked' };
    }
    if (!wire) return { ended: json === 'expired' ? 'expired' : 'corrupt' };
    wire.last_activity = activity;

    const isIndexed = wire.user_id === userId && member === 1 && indexTtl === -1;
    const ended = isIndexed ? undefined : await this.#mendIndex(token, mark, wire.user_id);
    return ended ? { ended } : { session: { token, mark, wire, expiresInMs } };
  }

  /**
   * Reads a session in one flight, and changes nothing: neither it, nor its TTL, nor the index. What a restore would
   * delete stays, with the same verdict.
   */
  async look({ token, mark }: Credential): Promise<Restored> {
    const [json, ttl, revoked, time] = await this.#redis.flight<
      [string | null | typeof UNREADABLE, number, number, [string, string] | undefined]
    >((redis) => [
      redis.get(sessionKey(token)).catch(unreadableIfWrongType),
      redis.pttl(sessionKey(token)),
      redis.exists(revokedKey(mark)),
      // Not everyone may ask, and few sessions have an end that needs it.
      (redis.time() as unknown as Promise<[string, string]>).catch(() => undefined),
    ]);
    if (revoked === 1) return { ended: 'revoked' };
    if (json === null || ttl === -2) return { ended: 'expired' };
    const wire = typeof json === 'string' ? parseWireSession(json) : undefined;
    if (!wire) return { ended: 'corrupt' };
    if (typeof wire.ends_at !== 'number') return { session: { token, mark, wire, expiresInMs: ttl } };
    // The Python client sets the whole lifetime without a look at the absolute end.
    const left = Math.floor(wire.ends_at) - (time ? milliseconds(time) : Date.now());
    if (left <= 0) return { ended: 'expired' };
    return { session: { token, mark, wire, expiresInMs: ttl < 0 ? left : Math.min(ttl, left) } };
  }

  /**
   * Starts a session. The second SADD mends a prune that ran between the first and the SET, so that no live
   * session is missing from the index.
   * @param ttlMs milliseconds
   */
  async start(token: string, wire: WireSession, ttlMs: number): Promise<void> {
    const index = indexKey(wire.user_id);
    const [, , last = []] = await this.#redis.inOrder<unknown>([
      (redis) => [redis.sadd(index, token)],
      (redis) => [redis.set(sessionKey(token), JSON.stringify(wire), 'PX', ttlMs)],
      (redis) => [redis.sadd(index, token), redis.persist(index), redis.srandmember(index, PRUNED_AT_LOGIN)],
    ]);
    const others = (last[2] as string[]).filter((member) => member !== token);
    if (others.length === 0) return;
    // A CI account logs in for ever and never lists: without this its index would only grow.
    const alive = await this.#redis.flight<number[]>((redis) =>
      others.map((member) => redis.exists(sessionKey(member))),
    );
    await this.#prune(
      wire.user_id,
      others.filter((_, index) => alive[index] === 0),
    );
  }

  /**
   * Ends sessions on purpose: the mark first, so that none can be brought back unnoticed.
   * @param onProgress called before each batch, and when all is done
   * @returns how many of them were alive
   */
  async end(
    tokens: readonly string[],
    userId: number | undefined,
    onProgress?: (done: number, total: number) => void,
  ): Promise<number> {
    let ended = 0;
    let done = 0;
    for (const batch of batches(tokens)) {
      onProgress?.(done, tokens.length);
      const [, deleted = []] = await this.#redis.inOrder<unknown>(
        [
          (redis) => batch.map((token) => redis.set(revokedKey(markOf(token)), '', 'EX', REVOKED_TTL)),
          (redis) => batch.map((token) => redis.del(sessionKey(token))),
          ...(userId === undefined ? [] : [(redis: Redis) => [redis.srem(indexKey(userId), ...batch)]]),
        ],
        timeoutFor(batch),
      );
      for (const each of deleted) ended += each as number;
      done += batch.length;
    }
    onProgress?.(done, tokens.length);
    return ended;
  }

  /** Whose session a token is, without refreshing it; undefined where that cannot be told. */
  async ownerOf(token: string): Promise<number | undefined> {
    const [json] = await this.#redis.flight<[string | null | typeof UNREADABLE]>((redis) => [
      redis.get(sessionKey(token)).catch(unreadableIfWrongType),
    ]);
    return typeof json === 'string' ? parseWireSession(json)?.user_id : undefined;
  }

  /** All tokens in a user's index, dead ones included. */
  async tokensOf(userId: number): Promise<string[]> {
    const [tokens] = await this.#redis.flight<[string[]]>((redis) => [redis.smembers(indexKey(userId))]);
    return tokens;
  }

  /** A user's live sessions, in no order, none of them refreshed. Removes dead members from the index. */
  async list(userId: number): Promise<Listing> {
    const found: Found = { sessions: [], corrupt: [], dead: [], revived: [] };
    for (const batch of batches(await this.tokensOf(userId))) await this.#find(batch, userId, found);
    const { sessions, corrupt, dead, revived } = found;
    if (revived.length > 0) await this.end(revived, userId);
    await this.#prune(userId, dead);
    return { sessions, corrupt };
  }

  /**
   * Some of a user's live sessions, in no order, for a glance that changes nothing and takes two short flights however
   * long the index is: of one that is longer than {@link GLANCED} it sees a random part.
   * @param isWanted tells by the mark whether a session is worth reading
   */
  async glance(userId: number, isWanted: (mark: string) => boolean): Promise<Session[]> {
    const [members] = await this.#redis.flight<[string[]]>((redis) => [
      redis.srandmember(indexKey(userId), GLANCED),
    ]);
    const tokens = members.filter((token) => isWanted(markOf(token)));
    const found: Found = { sessions: [], corrupt: [], dead: [], revived: [] };
    await this.#find(tokens.slice(0, GLANCED_SESSIONS), userId, found);
    return found.sessions;
  }

  /** @param timeout milliseconds, where they are not those of any other flight */
  async facts(timeout?: number): Promise<ServerFacts> {
    const [time, client, info] = await this.#redis.flight<[[string, string], string, string, number]>(
      (redis) => [
        redis.time() as unknown as Promise<[string, string]>,
        // Not everyone may ask: an ACL can forbid both.
        clientInfo(redis),
        redis.info('server').catch(() => ''),
        // A server that is still loading answers the others, and nothing that is about a key.
        redis.exists(revokedKey('')),
      ],
      timeout,
    );
    const now = milliseconds(time);
    if (Number.isNaN(now)) throw redisFailed('misconfigured', 'PROTOCOL'); // Something else speaks its protocol.
    return {
      now,
      address: addressSeen(client),
      redisVersion: /^redis_version:(\S+)/m.exec(info)?.[1],
      valkeyVersion: /^valkey_version:(\S+)/m.exec(info)?.[1],
    };
  }

  /** Reads the sessions of some tokens of a user's index, and sorts them by what they are. */
  async #find(tokens: readonly string[], userId: number, found: Found): Promise<void> {
    const marks = tokens.map(markOf);
    const replies = await this.#redis.flight<(string | number | null | typeof UNREADABLE)[]>(
      (redis) =>
        tokens.flatMap((token, index) => [
          redis.get(sessionKey(token)).catch(unreadableIfWrongType),
          redis.pttl(sessionKey(token)),
          redis.exists(revokedKey(marks[index] as string)),
        ]),
      timeoutFor(tokens),
    );
    for (const [index, token] of tokens.entries()) {
      const [json, ttl, revoked] = replies.slice(index * 3, index * 3 + 3);
      if (json === null || ttl === -2) found.dead.push(token);
      else if (revoked === 1) found.revived.push(token);
      else {
        const wire = typeof json === 'string' ? parseWireSession(json) : undefined;
        if (wire?.user_id !== userId) found.corrupt.push(token);
        else found.sessions.push({ token, mark: marks[index] as string, wire, expiresInMs: ttl as number });
      }
    }
  }

  /**
   * Puts a live session's token back into its user's index, and takes away the index' own end, which the Python
   * client's login sets: without this the session would escape "revoke all".
   * @returns why the session has ended meanwhile, if it has
   */
  async #mendIndex(token: string, mark: string, userId: number): Promise<EndReason | undefined> {
    const [, [alive, revoked] = []] = await this.#redis.inOrder<number>([
      (redis) => [redis.sadd(indexKey(userId), token), redis.persist(indexKey(userId))],
      (redis) => [redis.exists(sessionKey(token)), redis.exists(revokedKey(mark))],
    ]);
    if (revoked === 1) {
      await this.#delete(token, userId);
      return 'revoked';
    }
    if (alive === 1) return undefined;
    await this.#redis.flight((redis) => [redis.srem(indexKey(userId), token)]);
    return 'expired';
  }

  /** Removes dead members from an index, and puts back what has come to life meanwhile. */
  async #prune(userId: number, dead: readonly string[]): Promise<void> {
    const index = indexKey(userId);
    for (const batch of batches(dead)) {
      const [, living = []] = await this.#redis.inOrder<number>(
        [
          (redis) => [redis.srem(index, ...batch)],
          (redis) => batch.map((token) => redis.exists(sessionKey(token))),
        ],
        timeoutFor(batch),
      );
      const alive = batch.filter((_, position) => living[position] === 1);
      if (alive.length > 0) await this.#redis.flight((redis) => [redis.sadd(index, ...alive)]);
    }
  }

  async #delete(token: string, userId: number | undefined): Promise<void> {
    await this.#redis.inOrder<number>([
      (redis) => [redis.del(sessionKey(token))],
      ...(userId === undefined ? [] : [(redis: Redis) => [redis.srem(indexKey(userId), token)]]),
    ]);
  }
}

/** Redis' TIME, in seconds and microseconds, as milliseconds since 1970; NaN where that is no time. */
function milliseconds(time: readonly [string, string]): number {
  if (!Array.isArray(time)) return Number.NaN;
  const [seconds, micros] = time;
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

const UNREADABLE = Symbol('a value of another type');

/** For a key that holds another type than a string. */
function unreadableIfWrongType(error: Error): typeof UNREADABLE {
  if (error.message.startsWith('WRONGTYPE')) return UNREADABLE;
  throw error;
}

/** Milliseconds that a flight for a batch may take; undefined where it gets the time of any other. */
function timeoutFor(batch: readonly unknown[]): number | undefined {
  return batch.length > FEW ? BATCH_TIMEOUT : undefined;
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH);
}
