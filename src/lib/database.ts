import { dirname } from 'node:path';
import { AccountService } from './auth/account-service.ts';
import { LoginLimiter } from './auth/login-limiter.ts';
import { addressSeenByPostgres, PostgresLoginCounters } from './auth/postgres-login-counters.ts';
import { RedisLoginCounters } from './auth/redis-login-counters.ts';
import {
  openConnection,
  openPostgres,
  type PostgresConfig,
  requireSupportedServer,
} from './connections/postgres.ts';
import type { PostgresAddress } from './connections/postgres-address.ts';
import type { RedisConnection } from './connections/redis.ts';
import { type MigrationStatus, migrateToLatest, migrationStatus } from './migrations/migrator.ts';
import { UserRepository } from './user/user-repository.ts';
import type { Tables } from './user/user-schema.ts';

/** Everything that needs PostgreSQL and bcrypt, behind one module, so that the rest need not load them. */
export interface Database {
  readonly accounts: AccountService;
  /** Closes the connection until it is needed again. Waits for nothing. */
  rest(): void;
  /** Counts attempts to sign in. @param where the Redis; without it, in the database itself */
  loginLimiter(where: CountingRedis | undefined): LoginLimiter;
  /** Brings the tables up to date. */
  migrate(): Promise<{ applied: string[] }>;
  /** Which migrations the tables have had, and which they lack. */
  status(): Promise<MigrationStatus>;
  /** @throws AppError `unsupported_version` */
  facts(): Promise<{ version: string }>;
  close(): Promise<void>;
}

/** A Redis in which attempts are counted. */
export interface CountingRedis {
  readonly redis: RedisConnection;
  /** From which it sees us, null where it does not tell; undefined where it was not asked yet. */
  readonly address: string | null | undefined;
}

/** @param target a server, or the unix socket of the embedded engine */
export function openDatabase(target: PostgresAddress | { readonly socket: string }): Database {
  const config: PostgresConfig =
    'socket' in target ? embeddedConfig(target.socket) : { ...target, embedded: false };
  const { db, rest } = openConnection<Tables>(config);
  return {
    accounts: new AccountService(new UserRepository(db)),
    rest,
    loginLimiter: (where) =>
      new LoginLimiter({
        counters: where ? new RedisLoginCounters(where.redis, where.address) : new PostgresLoginCounters(db),
        otherAddress: () => addressSeenByPostgres(db),
      }),
    migrate: () => migrateWithPatience(config),
    status: () => migrationStatus(db),
    facts: async () => ({ version: await requireSupportedServer(db) }),
    close: () => db.destroy(),
  };
}

/** An index over a large table that is adopted takes longer than a command may wait for a query. Milliseconds. */
const MIGRATION_TIMEOUT = 10 * 60_000;

async function migrateWithPatience(config: PostgresConfig): Promise<{ applied: string[] }> {
  const db = openPostgres<Tables>(config, { queryMs: MIGRATION_TIMEOUT });
  try {
    return await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}

function embeddedConfig(socket: string): PostgresConfig {
  return {
    host: dirname(socket),
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    sslMode: 'disable',
    embedded: true,
  };
}
