import { embedded } from './engines/embedded.ts';
import type { EngineFactory, FreshDatabase, RedisOptions } from './engines/engine-factory.ts';
import type { EngineProcess } from './engines/engine-process.ts';
import { native } from './engines/native.ts';
import { migrate } from './migrate.ts';

/** Where the processes among which mocha shares out the tests find the engines that one of them started. */
const SHARED = 'AIRBNB_TEST_SHARED_ENGINES';

/** Addresses. */
interface SharedEngines {
  readonly redis: string;
  readonly postgres: string;
}

/**
 * The engines that a run of the suite works with, started once before the first test.
 *
 * They are real ones: Valkey and PostgreSQL in WebAssembly, or, with `AIRBNB_TEST_ENGINES=servers`, the
 * machine's redis-server and PostgreSQL. Tests share them, so each works with accounts of its own; one that
 * needs an engine to itself, or means to harm it, asks for its own.
 */
class Engines {
  readonly kind: 'embedded' | 'servers';
  readonly #factory: EngineFactory;
  #started: readonly EngineProcess[] = [];

  constructor(kind = process.env.AIRBNB_TEST_ENGINES ?? 'embedded') {
    if (kind !== 'embedded' && kind !== 'servers') {
      throw new Error(`AIRBNB_TEST_ENGINES is "embedded" or "servers", not "${kind}"`);
    }
    this.kind = kind;
    this.#factory = kind === 'servers' ? native : embedded;
  }

  /** The suite's Redis, database 0. */
  get redisUrl(): string {
    return this.#shared.redis;
  }

  /** The same Redis, another of its 16 databases. */
  redisUrlForDb(number: number): string {
    return `${this.redisUrl}/${number}`;
  }

  /** The suite's database, with our tables. */
  get databaseUrl(): string {
    return this.#shared.postgres;
  }

  /** An empty database; whoever asked for it drops it. */
  freshDatabase(): Promise<FreshDatabase> {
    return this.#factory.createDatabase(this.#shared.postgres);
  }

  /** A Redis for one test alone, to be stopped, killed or given passwords; whoever asked disposes of it. */
  ownRedis(options?: RedisOptions): Promise<EngineProcess> {
    return this.#factory.startRedis(options);
  }

  /** A PostgreSQL for one test alone, empty; whoever asked disposes of it. */
  ownPostgres(): Promise<EngineProcess> {
    return this.#factory.startPostgres();
  }

  async start(): Promise<void> {
    const starting = [this.#factory.startRedis(), this.#factory.startPostgres()] as const;
    try {
      const [redis, postgres] = await Promise.all(starting);
      await migrate(postgres.url);
      this.#started = [redis, postgres];
      const shared: SharedEngines = { redis: redis.url, postgres: postgres.url };
      process.env[SHARED] = JSON.stringify(shared);
    } catch (error) {
      // The one that did start would keep the run from ending.
      const outcomes = await Promise.allSettled(starting);
      await Promise.all(
        outcomes.map((one) => (one.status === 'fulfilled' ? one.value.dispose() : undefined)),
      );
      throw error;
    }
  }

  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = [];
    delete process.env[SHARED];
    await Promise.all(started.map((engine) => engine.dispose()));
  }

  get #shared(): SharedEngines {
    const shared = process.env[SHARED];
    if (!shared) throw new Error('engines are there from the first hook of the first test on, not before');
    return JSON.parse(shared);
  }
}

export const engines = new Engines();
