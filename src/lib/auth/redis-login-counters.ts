import type { Redis } from 'ioredis';
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import RateLimiterRedis from 'rate-limiter-flexible/lib/RateLimiterRedis.js';
import { addressSeen, clientInfo } from '../connections/client-info.ts';
import type { RedisConnection } from '../connections/redis.ts';
import type { CounterOptions, LoginCounters } from './login-counters.ts';

/** Counters in Redis, one key each, so that the same code runs on a cluster. */
export class RedisLoginCounters implements LoginCounters {
  readonly #redis: RedisConnection;
  readonly #client: NodeRedis;
  readonly #address: string | null | undefined;

  /** @param address from which the server sees us, where it was asked already */
  constructor(redis: RedisConnection, address?: string | null) {
    this.#redis = redis;
    this.#client = new NodeRedis(redis);
    this.#address = address;
  }

  async open(): Promise<string | null> {
    if (this.#address !== undefined) return this.#address;
    const [info] = await this.#redis.flight<[string]>((redis) => [clientInfo(redis)]);
    return addressSeen(info);
  }

  counter(options: CounterOptions): RateLimiterStoreAbstract {
    return new RateLimiterRedis({
      ...options,
      storeClient: this.#client,
      useRedisPackage: true,
    });
  }
}

interface ScriptArguments {
  readonly keys: string[];
  readonly arguments: string[];
}

/** A command with who waits for its reply. */
interface Waiting {
  readonly command: (redis: Redis) => Promise<unknown>;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A connection of ours in the form of the client that the library knows as `useRedisPackage`: there every command is
 * one call, none is registered beforehand, and so all of it can go through flights. What several counters ask for in the
 * same turn leaves in one flight: an attempt has three of them.
 */
class NodeRedis {
  readonly #redis: RedisConnection;
  #waiting: Waiting[] = [];

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  eval(script: string, { keys, arguments: args }: ScriptArguments): Promise<unknown> {
    return this.send((redis) => redis.eval(script, keys.length, ...keys, ...args));
  }

  del(key: string): Promise<unknown> {
    return this.send((redis) => redis.del(key));
  }

  multi(): Together {
    return new Together(this);
  }

  send(command: Waiting['command']): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      if (this.#waiting.length === 1) process.nextTick(() => this.#depart());
    });
  }

  async #depart(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const replies = await this.#redis.flight<unknown[]>((redis) =>
        waiting.map(({ command }) => command(redis)),
      );
      for (const [index, { resolve }] of waiting.entries()) resolve(replies[index]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** A flight in place of a transaction: of each two commands on one key the second only asks for the time that is left. */
class Together {
  readonly #client: NodeRedis;
  readonly #replies: Promise<unknown>[] = [];

  constructor(client: NodeRedis) {
    this.#client = client;
  }

  get(key: string): this {
    return this.#add((redis) => redis.get(key));
  }

  set(key: string, value: number, { EX }: { EX: number }): this {
    return this.#add((redis) => redis.set(key, value, 'EX', EX));
  }

  pTTL(key: string): this {
    return this.#add((redis) => redis.pttl(key));
  }

  exec(): Promise<unknown[]> {
    return Promise.all(this.#replies);
  }

  #add(command: Waiting['command']): this {
    this.#replies.push(this.#client.send(command));
    return this;
  }
}
