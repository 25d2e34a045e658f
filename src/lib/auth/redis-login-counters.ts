import type { Redis } from 'ioredis';
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import RateLimiterRedis from 'rate-limiter-flexible/lib/RateLimiterRedis.js';
import { addressSeen, clientInfo } from '../connections/client-info.ts';
import type { RedisConnection } from '../connections/redis.ts';
import type { CounterOptions, LoginCounters } from './login-counters.ts';

/** Counters in Redis, one key each, so that the same code runs on a cluster. */
export class RedisLoginCounters implements LoginCounters {
  readonly #redis: RedisConnection;
  readonly #address: string | null | undefined;

  /** @param address from which the server sees us, where it was asked already */
  constructor(redis: RedisConnection, address?: string | null) {
    this.#redis = redis;
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
      storeClient: new NodeRedis(this.#redis),
      useRedisPackage: true,
    });
  }
}

interface ScriptArguments {
  readonly keys: string[];
  readonly arguments: string[];
}

/**
 * A connection of ours in the form of the client that the library knows as `useRedisPackage`: there every command is
 * one call, none is registered beforehand, and so all of it can go through flights.
 */
class NodeRedis {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async eval(script: string, { keys, arguments: args }: ScriptArguments): Promise<unknown> {
    return this.#one((redis) => redis.eval(script, keys.length, ...keys, ...args));
  }

  async del(key: string): Promise<unknown> {
    return this.#one((redis) => redis.del(key));
  }

  multi(): Together {
    return new Together(this.#redis);
  }

  async #one(command: (redis: Redis) => Promise<unknown>): Promise<unknown> {
    const [reply] = await this.#redis.flight<[unknown]>((redis) => [command(redis)]);
    return reply;
  }
}

/** A flight in place of a transaction: of each two commands on one key the second only asks for the time that is left. */
class Together {
  readonly #redis: RedisConnection;
  readonly #commands: ((redis: Redis) => Promise<unknown>)[] = [];

  constructor(redis: RedisConnection) {
    this.#redis = redis;
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
    return this.#redis.flight<unknown[]>((redis) => this.#commands.map((command) => command(redis)));
  }

  #add(command: (redis: Redis) => Promise<unknown>): this {
    this.#commands.push(command);
    return this;
  }
}
