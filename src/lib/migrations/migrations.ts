import type { Migration } from 'kysely';
import { accountTables } from './0001-account-tables.ts';
import { accountIndexes } from './0002-account-indexes.ts';
import { loginCounters } from './0003-login-counters.ts';

/**
 * Every migration by its name, which is what a database remembers: a name is never changed, and a new one sorts
 * after those that are there. A table rather than a folder that is read, as the program is one bundled file.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-account-tables': accountTables,
  '0002-account-indexes': accountIndexes,
  '0003-login-counters': loginCounters,
};
