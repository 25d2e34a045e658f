import { type Kysely, sql } from 'kysely';
import { openPostgres, type PostgresConfig } from '../../src/lib/connections/postgres.ts';
import { postgresAddress } from '../../src/lib/connections/postgres-address.ts';
import { Settings } from '../../src/lib/settings.ts';
import type { Tables } from '../../src/lib/user/user-schema.ts';
import { engines } from './engines.ts';

/** A database of the tests' own, with connections to it as commands have them. */
export class AccountDatabase {
  readonly config: PostgresConfig;
  readonly #drop: () => Promise<void>;
  readonly #open = new Set<Kysely<Tables>>();

  private constructor(config: PostgresConfig, drop: () => Promise<void>) {
    this.config = config;
    this.#drop = drop;
  }

  static async create(): Promise<AccountDatabase> {
    const { url, drop } = await engines.freshDatabase();
    return new AccountDatabase(configOf(url), drop);
  }

  /** One more connection; it is closed with the database. */
  connect(changes: Partial<PostgresConfig> = {}): Kysely<Tables> {
    const db = openPostgres<Tables>({ ...this.config, ...changes });
    this.#open.add(db);
    return db;
  }

  /** Runs statements without parameters, several at once if need be, and gives the rows of a single one. */
  async run<Row = Record<string, unknown>>(statements: string): Promise<Row[]> {
    const db = openPostgres<Tables>(this.config);
    try {
      return (await sql.raw<Row>(statements).execute(db)).rows;
    } finally {
      await db.destroy();
    }
  }

  /** Empties the database. */
  async reset(): Promise<void> {
    await this.run(
      'drop schema if exists elsewhere cascade; drop schema public cascade; create schema public',
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((db) => db.destroy()));
    await this.#drop();
  }
}

/** A URL as DATABASE_URL would be read. */
export function configOf(url: string): PostgresConfig {
  const nowhere = { configFolder: '/nonexistent', packageRoot: '/nonexistent' };
  const address = postgresAddress(new Settings({ DATABASE_URL: url }, nowhere));
  if (!address) throw new Error(`${url} names no server`);
  return { ...address, embedded: false };
}

/** The other way round. */
export function urlOf({ host, port, user, password = '', database }: PostgresConfig): string {
  return `postgresql://${user}:${password}@${host}:${port}/${database}`;
}
