import type { EngineProcess } from './engine-process.ts';

export interface RedisOptions {
  /** The default user's password (`requirepass`). */
  password?: string;
  /** Further users, each as the arguments of `ACL SETUSER`: `'alice on >secret ~* +@all'`. */
  users?: string[];
  /** Whether its data is to outlive it, which the embedded engine cannot. */
  durable?: boolean;
}

export interface FreshDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Where engines come from: what each kind of engine, embedded or native, offers to the suite. */
export interface EngineFactory {
  startRedis(options?: RedisOptions): Promise<EngineProcess>;
  startPostgres(): Promise<EngineProcess>;
  /** An empty database, beside the one at `url` where the engine can hold more than one. */
  createDatabase(url: string): Promise<FreshDatabase>;
}
