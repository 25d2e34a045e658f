import { type Generated, type QueryExecutorProvider, sql } from 'kysely';
import { postgresFailure } from '../connections/postgres-errors.ts';
import type { AppError, ErrorParams } from '../errors.ts';
import { ROLES } from './rol.ts';

/**
 * The tables of accounts, as queries see them. `Id` is a number, or text where the column is a bigint; a time is
 * only ever read through an expression that does not depend on its column's type.
 */
export interface Tables {
  usuario: {
    id: Generated<Id>;
    email: string;
    password_hash: string | null;
    rol: string;
    auth_user_id: string | null;
    nombre: string | null;
    creado_en: Generated<unknown>;
  };
  huesped: ProfileTable;
  anfitrion: ProfileTable;
}

interface ProfileTable {
  id: Generated<Id>;
  usuario_id: Id;
  nombre: string | null;
}

/** As the driver gives it: a bigint comes as text. */
export type Id = number | string;

/** The tables that hang on `usuario`, one row for each role that its owner plays. */
export const PROFILE_TABLES = ['huesped', 'anfitrion'] as const;

type TableName = keyof Tables;

/** The type of a column in the catalog. */
interface Column {
  readonly name: string;
  /** As PostgreSQL writes it: `character varying(100)`. */
  readonly type: string;
  /** `pg_catalog` types by their internal name, others by their schema's: `int4`, `public.estado`. */
  readonly key: string;
  readonly enumLabels: readonly string[] | null;
}

/**
 * What the current schema (the first of the search path: where unqualified names are created) holds of the tables of
 * accounts: their columns by name. A table that is missing has no entry.
 */
export type AccountSchema = Partial<Record<TableName, ReadonlyMap<string, Column>>>;

const ENUM = 'enum';
const NUMBERS = ['int4', 'int8'];
const WORDS = ['text', 'varchar'];

/** The types that are accepted, the same list for a table of ours and for one of the Python system. */
const ACCEPTED: { readonly [T in TableName]: { readonly [C in keyof Tables[T]]: readonly string[] } } = {
  usuario: {
    id: NUMBERS,
    email: WORDS,
    password_hash: WORDS,
    rol: [...WORDS, ENUM],
    auth_user_id: ['uuid'],
    nombre: WORDS,
    creado_en: ['timestamp', 'timestamptz'],
  },
  huesped: { id: NUMBERS, usuario_id: NUMBERS, nombre: WORDS },
  anfitrion: { id: NUMBERS, usuario_id: NUMBERS, nombre: WORDS },
};

/** What the Python system's `usuario` lacks; adoption adds them. */
export const ADDED_TO_USUARIO = ['password_hash', 'nombre'] as const;

/**
 * A schema, or a value in it, that this program cannot work with.
 * @param problem a token for what is wrong: `params.problem`, and `params.detail` as in every error of PostgreSQL
 */
export function unsupportedSchema(problem: string, params: ErrorParams = {}): AppError {
  return postgresFailure('unsupported_schema', problem, { ...params, problem });
}

/**
 * Reads the catalog, of the current schema alone: tables of the same name elsewhere are not ours.
 * @throws AppError `unsupported_schema` (`no_schema`) where the search path leads nowhere, or (`not_a_table`)
 */
async function inspectAccountSchema(db: QueryExecutorProvider): Promise<AccountSchema> {
  const { rows } = await sql<{
    schema: string | null;
    relation: TableName | null;
    kind: string | null;
    columns: Column[];
  }>`
    select current_schema() as schema, c.relname as relation, c.relkind::text as kind,
      (select coalesce(json_agg(json_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'key', case when tn.nspname = 'pg_catalog' then t.typname else tn.nspname || '.' || t.typname end,
          'enumLabels', (select json_agg(e.enumlabel) from pg_enum e where e.enumtypid = t.oid))), '[]')
        from pg_attribute a
        join pg_type t on t.oid = a.atttypid
        join pg_namespace tn on tn.oid = t.typnamespace
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from (select 1) as one
    left join pg_class c on c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
      and c.relname in (${sql.join(Object.keys(ACCEPTED))})`.execute(db);
  if (!rows[0]?.schema) throw unsupportedSchema('no_schema');
  const found: AccountSchema = {};
  for (const { relation, kind, columns } of rows) {
    if (relation === null) continue;
    if (kind !== 'r') throw unsupportedSchema('not_a_table', { table: relation });
    found[relation] = new Map(columns.map((column) => [column.name, column]));
  }
  return found;
}

/**
 * Checks that what is there can be adopted, or that nothing is there. Changes nothing.
 * @throws AppError `unsupported_schema` naming `table`, `column` and `type`: `missing_column`, `column_type`,
 *   `missing_label` of an enum (with `label`), or `duplicate_email` (how many, as `count`)
 */
export async function assertAdoptable(db: QueryExecutorProvider): Promise<AccountSchema> {
  const found = await inspectAccountSchema(db);
  assertColumns(found);
  if (found.usuario) await assertDistinctEmails(db);
  return found;
}

function assertColumns(found: AccountSchema): void {
  for (const table of Object.keys(ACCEPTED) as TableName[]) {
    const columns = found[table];
    if (!columns) continue;
    for (const [name, accepted] of Object.entries(ACCEPTED[table])) {
      const column = columns.get(name);
      if (column) assertAccepted(table, column, accepted);
      else if (!isAdded(table, name)) throw unsupportedSchema('missing_column', { table, column: name });
    }
  }
}

function isAdded(table: TableName, column: string): boolean {
  return table === 'usuario' && ADDED_TO_USUARIO.some((added) => added === column);
}

function assertAccepted(table: TableName, column: Column, accepted: readonly string[]): void {
  const where = { table, column: column.name, type: column.type };
  const { enumLabels } = column;
  if (!accepted.includes(enumLabels ? ENUM : column.key)) throw unsupportedSchema('column_type', where);
  const label = enumLabels && ROLES.find((rol) => !enumLabels.includes(rol));
  if (label) throw unsupportedSchema('missing_label', { ...where, label });
}

/** E-mails are compared without case; a table that told them apart by it may hold two of the same. */
async function assertDistinctEmails(db: QueryExecutorProvider): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
    from (select 1 from usuario group by lower(email) having count(*) > 1) as duplicates`.execute(db);
  const count = rows[0]?.count ?? 0;
  if (count > 0) throw unsupportedSchema('duplicate_email', { table: 'usuario', column: 'email', count });
}
