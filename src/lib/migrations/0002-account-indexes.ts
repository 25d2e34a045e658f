import { type Kysely, type Migration, sql } from 'kysely';
import { PROFILE_TABLES } from '../user/user-schema.ts';

/**
 * One account for each e-mail, whatever its case; and no scan of a whole table to find the profile of an account.
 * Indexes that already do it are kept.
 */
export const accountIndexes: Migration = {
  async up(db: Kysely<unknown>) {
    const emails = await indexesOf(db, 'usuario');
    if (!emails.some(({ unique, columns, first }) => unique && columns === 1 && LOWER_EMAIL.test(first))) {
      await sql`create unique index usuario_email_lower_key on usuario (lower(email))`.execute(db);
    }
    for (const table of PROFILE_TABLES) {
      const indexes = await indexesOf(db, table);
      if (indexes.some(({ first }) => first === 'usuario_id')) continue;
      await db.schema.createIndex(`${table}_usuario_id_idx`).on(table).column('usuario_id').execute();
    }
  },
};

/** A varchar is cast, as lower() is defined for text. */
const LOWER_EMAIL = /^lower\(email(::text)?\)$/;

interface Index {
  readonly unique: boolean;
  /** How many columns or expressions make its key. */
  readonly columns: number;
  /** The first of them, as PostgreSQL writes it. */
  readonly first: string;
}

async function indexesOf(db: Kysely<unknown>, table: string): Promise<Index[]> {
  const { rows } = await sql<Index>`
    select indisunique as unique, indnkeyatts::int as columns, pg_get_indexdef(indexrelid, 1, true) as first
    from pg_index
    where indrelid = to_regclass(${table}) and indisvalid and indpred is null`.execute(db);
  return rows;
}
