import { type Kysely, type RawBuilder, sql } from 'kysely';
import { AppError } from '../errors.ts';
import { ROLES, type Rol } from './rol.ts';
import { type Id, PROFILE_TABLES, type Tables, unsupportedSchema } from './user-schema.ts';

/** A person's account, with the profiles that hang on it. */
export interface Account {
  readonly id: number;
  readonly email: string;
  /** Of bcrypt; null where the Python system made the account and no password has been set. */
  readonly passwordHash: string | null;
  readonly rol: Rol;
  /** A uuid. */
  readonly authUserId: string | null;
  readonly huespedId: number | null;
  readonly anfitrionId: number | null;
  /** Never empty: the account's, else the guest's, else the host's, else the e-mail up to its @. */
  readonly nombre: string;
  /** When it was made: ISO 8601 without a zone, UTC, milliseconds. */
  readonly creadoEn: string;
}

export interface NewAccount {
  readonly email: string;
  readonly nombre: string;
  readonly rol: Rol;
  readonly passwordHash: string;
}

type Queries = Kysely<Tables>;

/** Accounts in PostgreSQL. E-mails are taken as they come, trimmed and normalised by the caller. */
export class UserRepository {
  readonly #db: Queries;

  constructor(db: Queries) {
    this.#db = db;
  }

  /** Compares without case, by the database's `lower()`, which the index is on. One round trip. */
  async findByEmail(email: string): Promise<Account | undefined> {
    return findByEmail(this.#db, email);
  }

  async findById(id: number): Promise<Account | undefined> {
    return findById(this.#db, id);
  }

  /**
   * Makes the account and the profiles of its rol in one transaction. A trigger of the database may make profiles
   * too: only what is missing is inserted.
   * @throws AppError `email_taken`, or `unsupported_schema` where an adopted table asks for more than we know
   */
  async insert(account: NewAccount): Promise<Account> {
    return this.#db.transaction().execute(async (transaction) => {
      // Ends with the transaction. In it now() is UTC for a creado_en without a zone, as for one with.
      await sql`set local time zone 'UTC'`.execute(transaction);
      const inserted = await transaction
        .insertInto('usuario')
        .values({
          email: account.email,
          nombre: account.nombre,
          rol: account.rol,
          password_hash: account.passwordHash,
          creado_en: sql`now()`,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!inserted) throw await whyNotInserted(transaction, account.email);
      for (const table of profilesOf(account.rol)) {
        await insertWhereMissing(transaction, table, inserted.id, account.nombre);
      }
      const made = await findById(transaction, toId('usuario', inserted.id));
      if (!made) throw unsupportedSchema('not_inserted', { table: 'usuario' });
      return made;
    });
  }

  /** @returns false where there is no such account */
  async setPasswordHash(id: number, passwordHash: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('usuario')
      .set({ password_hash: passwordHash })
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
}

type ProfileName = (typeof PROFILE_TABLES)[number];

function profilesOf(rol: Rol): ProfileName[] {
  if (rol === 'AMBOS') return [...PROFILE_TABLES];
  return [rol === 'HUESPED' ? 'huesped' : 'anfitrion'];
}

async function findByEmail(db: Queries, email: string): Promise<Account | undefined> {
  // A NUL is in no e-mail that is stored, and PostgreSQL refuses a text that holds one.
  const lookedFor = email.replaceAll('\0', '\ufffd');
  return selectAccount(db, sql`lower(u.email) = lower(${lookedFor})`);
}

async function findById(db: Queries, id: number): Promise<Account | undefined> {
  return selectAccount(db, sql`u.id = ${id}::bigint`);
}

/** The row was left out because of some unique index, be it the one on e-mails or another. */
async function whyNotInserted(db: Queries, email: string): Promise<AppError> {
  const taken = await findByEmail(db, email);
  return taken ? new AppError('email_taken') : unsupportedSchema('not_inserted', { table: 'usuario' });
}

async function insertWhereMissing(db: Queries, table: ProfileName, usuarioId: Id, nombre: string) {
  await sql`
    insert into ${sql.table(table)} (usuario_id, nombre)
    select ${usuarioId}, ${nombre}
    where not exists (select from ${sql.table(table)} where usuario_id = ${usuarioId})`.execute(db);
}

interface AccountRow {
  readonly id: Id;
  readonly email: string;
  readonly password_hash: string | null;
  readonly rol: string;
  readonly auth_user_id: string | null;
  readonly nombre: string | null;
  readonly huesped_id: Id | null;
  readonly anfitrion_id: Id | null;
  /** Seconds since 1970. */
  readonly creado_en: number | null;
}

/**
 * The columns' types differ between databases: what is read is cast. An epoch is the same for a time with a zone
 * and for one without that means UTC, whatever the zone of the session and of this process.
 */
async function selectAccount(db: Queries, condition: RawBuilder<unknown>): Promise<Account | undefined> {
  const { rows } = await sql<AccountRow>`
    select u.id, u.email, u.password_hash, u.rol::text as rol, u.auth_user_id::text as auth_user_id,
      coalesce(nullif(u.nombre, ''), nullif(h.nombre, ''), nullif(a.nombre, '')) as nombre,
      h.id as huesped_id, a.id as anfitrion_id, extract(epoch from u.creado_en)::float8 as creado_en
    from usuario u
    left join lateral (select id, nombre from huesped where usuario_id = u.id order by id limit 1) h on true
    left join lateral (select id, nombre from anfitrion where usuario_id = u.id order by id limit 1) a on true
    where ${condition}
    order by u.id
    limit 1`.execute(db);
  return rows[0] && toAccount(rows[0]);
}

function toAccount(row: AccountRow): Account {
  const rol = ROLES.find((each) => each === row.rol);
  if (!rol) throw unsupportedSchema('rol_value', { table: 'usuario', column: 'rol' });
  return {
    id: toId('usuario', row.id),
    email: row.email,
    passwordHash: row.password_hash,
    rol,
    authUserId: row.auth_user_id,
    huespedId: row.huesped_id === null ? null : toId('huesped', row.huesped_id),
    anfitrionId: row.anfitrion_id === null ? null : toId('anfitrion', row.anfitrion_id),
    nombre: row.nombre ?? (row.email.replace(/@.*/s, '') || row.email),
    creadoEn: toIsoTime(row.creado_en),
  };
}

/** The driver gives a bigint as text; beyond 2^53 a number would name another account. */
function toId(table: string, id: Id): number {
  const number = Number(id);
  if (!Number.isSafeInteger(number)) throw unsupportedSchema('id_value', { table, column: 'id' });
  return number;
}

/** An account without a time, or with `infinity`, counts as made when time began. */
function toIsoTime(seconds: number | null): string {
  const time = new Date(Math.round((seconds ?? 0) * 1000));
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString().slice(0, -1);
}
