import type { PGlite } from '@electric-sql/pglite';
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import { migrateToLatest } from '../migrations/migrator.ts';

/**
 * Brings a PGlite of this thread to the newest schema.
 * @throws AppError `unsupported_schema` if a newer release has been here.
 */
export async function migratePGlite(db: PGlite): Promise<void> {
  await migrateToLatest(new Kysely({ dialect: pgliteDialect(db) }));
}

/** Statements without parameters may hold several commands, as with the `pg` driver. */
function pgliteDialect(db: PGlite): PostgresDialect {
  const query = async (sql: string, parameters: readonly unknown[]) => {
    const result = parameters.length > 0 ? await db.query(sql, [...parameters]) : (await db.exec(sql)).at(-1);
    const command = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase();
    return { command, rowCount: result?.affectedRows ?? 0, rows: result?.rows ?? [] };
  };
  const client = { query, release: () => {} } as unknown as PostgresPoolClient;
  return new PostgresDialect({ pool: { connect: async () => client, end: async () => {} } });
}
