import { type Kysely, Migrator, sql } from 'kysely';
import { requireSupportedServer } from '../connections/postgres.ts';
import { assertAdoptable, unsupportedSchema } from '../user/user-schema.ts';
import { migrations } from './migrations.ts';

export interface MigrationStatus {
  /** Names of the migrations that the database has had, in their order. */
  readonly applied: string[];
  /** Those that it still needs. */
  readonly pending: string[];
}

/**
 * Brings the tables of accounts up to date: creates them, or adopts those of the Python system. All that is pending
 * happens in one transaction, under a lock of that transaction: run by several at once, one does it and the others
 * find it done.
 * @returns the names of the migrations that this call applied
 * @throws AppError `unsupported_version`, or `unsupported_schema` where the tables cannot be adopted or a newer version of
 *   this program has been here (`migrations_differ`)
 */
export async function migrateToLatest<Tables>(db: Kysely<Tables>): Promise<{ applied: string[] }> {
  const { pending } = await migrationStatus(db);
  // Already here, as the migrator makes tables of its own before the transaction.
  if (pending.length > 0) await assertAdoptable(db);
  const { error, results = [] } = await (await migratorOf(db)).migrateToLatest();
  if (error !== undefined) throw differs(error) ? unsupportedSchema('migrations_differ') : error;
  return {
    applied: results.filter(({ status }) => status === 'Success').map((result) => result.migrationName),
  };
}

/**
 * Reads what `migrateToLatest` has done and would do. Writes nothing.
 * @throws AppError `unsupported_version`
 */
export async function migrationStatus<Tables>(db: Kysely<Tables>): Promise<MigrationStatus> {
  await requireSupportedServer(db);
  const all = await (await migratorOf(db)).getMigrations();
  const names = (done: boolean) => all.filter((each) => (each.executedAt !== undefined) === done).map(nameOf);
  return { applied: names(true), pending: names(false) };
}

async function migratorOf<Tables>(db: Kysely<Tables>): Promise<Migrator> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema;
  if (!schema) throw unsupportedSchema('no_schema');
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: schema,
    migrationTableName: 'airbnb_migration', // Kysely's default names may be another program's
    migrationLockTableName: 'airbnb_migration_lock',
  });
}

/** The database has had migrations that this version does not know, or in another order. */
function differs(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('corrupted migrations');
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
