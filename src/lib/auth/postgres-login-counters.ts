import { CompiledQuery, type Kysely, sql } from 'kysely';
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import RateLimiterPostgres from 'rate-limiter-flexible/lib/RateLimiterPostgres.js';
import type { CounterOptions, LoginCounters } from './login-counters.ts';

/** Made by a migration: no table is made while somebody signs in. */
const TABLE = 'airbnb_login_counter';

/** How many counters that are over one login removes at most. */
const REMOVED_AT_ONCE = 100;

/** The address from which PostgreSQL, or a pooler in front of it, sees us; null on a unix socket. */
export async function addressSeenByPostgres<Tables>(db: Kysely<Tables>): Promise<string | null> {
  const { rows } = await sql<{ address: string | null }>`select host(inet_client_addr()) as address`.execute(
    db,
  );
  return rows[0]?.address ?? null;
}

/** Counters in a table of PostgreSQL, for while there is no Redis. */
export class PostgresLoginCounters<Tables> implements LoginCounters {
  readonly #db: Kysely<Tables>;
  /** Milliseconds that the server's clock is ahead of ours. */
  #ahead = 0;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Also removes some of the counters that are over. @throws AppError `tables_missing` before the migration that makes the table */
  async open(): Promise<string | null> {
    const { rows } = await sql<{ address: string | null; now: number }>`
      with removed as (
        delete from ${sql.table(TABLE)} where key in (
          select key from ${sql.table(TABLE)} where expire < extract(epoch from now()) * 1000
          order by expire limit ${sql.lit(REMOVED_AT_ONCE)} for update skip locked
        )
      )
      select host(inet_client_addr()) as address, extract(epoch from clock_timestamp())::float8 * 1000 as now`.execute(
      this.#db,
    );
    this.#ahead = Math.round((rows[0]?.now ?? Date.now()) - Date.now());
    return rows[0]?.address ?? null;
  }

  counter(options: CounterOptions): RateLimiterStoreAbstract {
    return new RateLimiterPostgres({
      ...options,
      storeClient: { query: (query: LibraryQuery) => this.#query(query) },
      storeType: 'client',
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  }

  /**
   * Runs a statement of the library without its name, as a pooler knows no prepared statements. Its times are those of
   * this machine, whose clock may be wrong: they are moved to the server's and back.
   */
  async #query({ text, values }: LibraryQuery): Promise<{ rows: CounterRow[]; rowCount: number }> {
    const moved = values.map((value) => (isTime(value) ? value + this.#ahead : value));
    const { rows } = await this.#db.executeQuery<CounterRow>(CompiledQuery.raw(text, moved));
    return {
      rows: rows.map((row) => ({ ...row, expire: Number(row.expire) - this.#ahead })),
      rowCount: rows.length,
    };
  }
}

interface LibraryQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

interface CounterRow {
  readonly points: number;
  /** Milliseconds since 1970; the driver gives a bigint as text. */
  readonly expire: number | string;
}

/** Milliseconds since 1970 are far beyond whatever is counted. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 1e12;
}
