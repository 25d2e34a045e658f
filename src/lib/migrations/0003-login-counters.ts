import type { Kysely, Migration } from 'kysely';

/**
 * Where attempts to sign in are counted while Redis cannot be reached. The columns and their order are those that
 * rate-limiter-flexible knows.
 */
export const loginCounters: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('airbnb_login_counter')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('points', 'integer', (column) => column.notNull().defaultTo(0))
      // Milliseconds since 1970.
      .addColumn('expire', 'bigint')
      .execute();
    // By which those that are over are found.
    await db.schema
      .createIndex('airbnb_login_counter_expire_idx')
      .on('airbnb_login_counter')
      .column('expire')
      .execute();
  },
};
