import type { Redis } from 'ioredis';
import { AppError } from '../errors.ts';
import { type RedisAddress, redisServerName, redisSetting } from './redis-address.ts';
import { redisFailed } from './redis-errors.ts';
import { fly } from './redis-flight.ts';
import type { RedisLink } from './redis-link.ts';
import { ServerLink } from './redis-server.ts';

/** Where a client connects to: what the settings name, or the unix socket of the embedded one. */
export type RedisTarget = RedisAddress | { readonly socket: string };

/**
 * One connection to Redis, be it a server, a cluster, or a primary that sentinels watch over. Everything goes through
 * {@link RedisConnection.flight}, so that AUTH and SELECT travel with the first commands instead of in a flight of
 * their own, and so that every failure has one of the three classes of engine errors.
 */
export class RedisConnection {
  readonly #target: RedisTarget;
  #link: Promise<RedisLink> | undefined;
  #isClosed = false;

  constructor(target: RedisTarget) {
    this.#target = target;
  }

  /**
   * Sends commands together and waits for all of their replies: one flight. On a cluster those for different nodes
   * run in no order; see {@link RedisConnection.inOrder}.
   * @param issue issues the commands, all in one tick, and returns their promises. A reply that may be an
   *   error is caught in there.
   * @param timeout milliseconds for the whole flight
   * @throws AppError `unreachable`, `refusing_work` or `misconfigured`, for the first command that failed; a
   *   failed AUTH or SELECT outranks every reply after it.
   */
  async flight<T extends readonly unknown[]>(
    issue: (redis: Redis) => readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
    timeout?: number,
  ): Promise<T> {
    if (this.#isClosed) throw this.#namingServer(redisFailed('unreachable', 'ECONNABORTED'));
    this.#link ??= linkTo(this.#target);
    const link = this.#link;
    try {
      return (await fly(await link, issue, timeout)) as unknown as T;
    } catch (error) {
      // The next flight finds a way of its own: to a server that is back, or to the primary that has replaced it.
      if (this.#link === link) this.#dropLink();
      throw this.#namingServer(error);
    }
  }

  /**
   * Sends commands whose keys may be on different nodes and which have to run step after step; those of one step run
   * in any order. One flight where one server has all keys, and on a cluster one for each step.
   * @param timeout milliseconds for each flight
   * @returns the replies of each step
   * @throws AppError as a flight does; no step behind one that failed is sent on a cluster
   */
  async inOrder<Reply>(
    steps: readonly ((redis: Redis) => readonly PromiseLike<Reply>[])[],
    timeout?: number,
  ): Promise<Reply[][]> {
    if ('cluster' in this.#target) {
      const replies: Reply[][] = [];
      for (const step of steps) replies.push(await this.flight<Reply[]>(step, timeout));
      return replies;
    }
    const sizes: number[] = [];
    const replies = await this.flight<Reply[]>(
      (redis) =>
        steps.flatMap((step) => {
          const commands = step(redis);
          sizes.push(commands.length);
          return commands;
        }),
      timeout,
    );
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return replies.slice(end - size, end);
    });
  }

  /** Ends the connection for good. Nothing is sent, and nothing is waited for. */
  close(): void {
    this.#isClosed = true;
    this.#dropLink();
  }

  #dropLink(): void {
    this.#link?.then((link) => link.close());
    this.#link = undefined;
  }

  /** Says which server it was, and which setting led here where that is not the usual one. */
  #namingServer(error: unknown): unknown {
    const isOfRedis = error instanceof AppError && error.params.engine === 'redis';
    if (!isOfRedis || 'socket' in this.#target) return error;
    const server = redisServerName(this.#target);
    const via = redisSetting(this.#target);
    const named = { ...error.params, server };
    return new AppError(error.reason, via === 'REDIS_URL' ? named : { ...named, via });
  }
}

/** Most people have one server: what others need is loaded for them alone. */
async function linkTo(target: RedisTarget): Promise<RedisLink> {
  if ('cluster' in target) {
    const { ClusterLink } = await import('./redis-cluster.ts');
    return new ClusterLink(target);
  }
  if ('sentinels' in target) {
    const { SentinelLink } = await import('./redis-sentinel.ts');
    return new SentinelLink(target);
  }
  return new ServerLink(target);
}
