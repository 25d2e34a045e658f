import { dirname } from 'node:path';
import { AccountService } from './auth/account-service.ts';
import { openPostgres, requireSupportedServer } from './connections/postgres.ts';
import type { PostgresAddress } from './connections/postgres-address.ts';
import { type MigrationStatus, migrateToLatest, migrationStatus } from './user/schema-migrator.ts';
import { UserRepository } from './user/user-repository.ts';
import type { Tables } from './user/user-schema.ts';

/** Everything that needs PostgreSQL and bcrypt, behind one module, so that the rest need not load them. */
export interface Database {
  readonly accounts: AccountService;
  /** Brings the tables up to date. */
  migrate(): Promise<{ applied: string[] }>;
  /** Which migrations the tables have had, and which they lack. */
  status(): Promise<MigrationStatus>;
  /** @throws AppError `unsupported_version` */
  facts(): Promise<{ version: string }>;
  close(): Promise<void>;
}

/** @param target a server, or the unix socket of the embedded engine */
export function openDatabase(target: PostgresAddress | { readonly socket: string }): Database {
  const db = openPostgres<Tables>(
    'socket' in target
      ? {
          host: dirname(target.socket),
          port: 5432,
          user: 'postgres',
          database: 'postgres',
          sslMode: 'disable',
          embedded: true,
        }
      : { ...target, embedded: false },
  );
  return {
    accounts: new AccountService(new UserRepository(db)),
    migrate: () => migrateToLatest(db),
    status: () => migrationStatus(db),
    facts: async () => ({ version: await requireSupportedServer(db) }),
    close: () => db.destroy(),
  };
}
