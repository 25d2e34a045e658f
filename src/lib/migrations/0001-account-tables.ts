import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely';
import { ROLES } from '../user/rol.ts';
import { ADDED_TO_USUARIO, assertAdoptable, PROFILE_TABLES } from '../user/user-schema.ts';

/**
 * Creates the tables of accounts, or adopts those of the Python system: columns are added where they are missing,
 * nothing is dropped or retyped.
 */
export const accountTables: Migration = {
  async up(db: Kysely<unknown>) {
    const found = await assertAdoptable(db);
    if (found.usuario) await completeUsuario(db, found.usuario);
    else await createUsuario(db);
    const idType = found.usuario?.get('id')?.key === 'int8' ? 'bigint' : 'integer';
    for (const table of PROFILE_TABLES) {
      if (!found[table]) await createProfile(db, table, idType);
    }
  },
};

async function createUsuario(db: Kysely<unknown>): Promise<void> {
  await withId(db.schema.createTable('usuario'), 'integer')
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('rol', 'text', (column) =>
      column.notNull().check(sql`rol in (${sql.join(ROLES.map(sql.lit))})`),
    )
    .addColumn('auth_user_id', 'uuid')
    .addColumn('nombre', 'text')
    // Without a zone, as in the Python system, whose clients compare it with times that have none.
    .addColumn('creado_en', 'timestamp', (column) =>
      column.notNull().defaultTo(sql`(now() at time zone 'UTC')`),
    )
    .execute();
}

async function completeUsuario(db: Kysely<unknown>, columns: ReadonlyMap<string, unknown>): Promise<void> {
  for (const column of ADDED_TO_USUARIO) {
    if (!columns.has(column)) await db.schema.alterTable('usuario').addColumn(column, 'text').execute();
  }
}

async function createProfile(
  db: Kysely<unknown>,
  table: string,
  idType: 'integer' | 'bigint',
): Promise<void> {
  const canReference = await isUsuarioIdUnique(db);
  await withId(db.schema.createTable(table), idType)
    .addColumn('usuario_id', idType, (column) => {
      const required = column.notNull().unique();
      return canReference ? required.references('usuario.id').onDelete('cascade') : required;
    })
    .addColumn('nombre', 'text')
    .execute();
}

function withId<Name extends string>(table: CreateTableBuilder<Name>, type: 'integer' | 'bigint') {
  return table.addColumn('id', type, (column) => column.generatedByDefaultAsIdentity().primaryKey());
}

/** A serial column is no key by itself, and a foreign key can only point to one. */
async function isUsuarioIdUnique(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`
    select from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'id'
    where i.indrelid = to_regclass('usuario') and i.indisunique and i.indimmediate and i.indisvalid
      and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum`.execute(db);
  return rows.length > 0;
}
