import type { Duplex } from 'node:stream';
import {
  Kysely,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type QueryExecutorProvider,
  sql,
} from 'kysely';
import { Client, type ClientConfig, type Connection, Pool, type PoolClient, type PoolConfig } from 'pg';
import { boundNameResolution } from './name-resolution.ts';
import { type PostgresAddress, postgresServerName } from './postgres-address.ts';
import {
  leavesConnectionUsable,
  NoPasswordError,
  postgresFailure,
  refusesTls,
  translatePostgresError,
} from './postgres-errors.ts';
import { postgresTls } from './postgres-tls.ts';

export interface PostgresConfig extends PostgresAddress {
  /**
   * Whether it is the engine that we start ourselves. One client after the other is served there, whole
   * transactions at a time, so that waiting is no sign of a fault.
   */
  readonly embedded: boolean;
}

export interface PostgresTimeouts {
  /** From the look-up of the host's name to the end of authentication, milliseconds. */
  readonly connectMs: number;
  /** From sending a statement to the end of its reply, milliseconds. */
  readonly queryMs: number;
}

/** The oldest major version that is supported. */
const MINIMUM_VERSION = 13;

// A connection takes several turns, for which many clients that start at once have to wait.
const SERVER_TIMEOUTS: PostgresTimeouts = { connectMs: 4000, queryMs: 5000 };
const EMBEDDED_TIMEOUTS: PostgresTimeouts = { connectMs: 20_000, queryMs: 30_000 };

/**
 * A Kysely over one connection, which is made at the first query and made anew after a fault. Everything that it
 * throws is an AppError: `unreachable`, `refusing_work`, `misconfigured`, `tables_missing` or `unsupported_schema`
 * (`internal` is a mistake of ours), with `params.engine`, `params.server` and a stable `params.detail`. `destroy()`
 * closes it; an idle connection does not keep the process alive.
 *
 * The connection may be pooled in transaction mode: between transactions nothing may depend on the session.
 * @param timeouts those that differ, say a longer `queryMs` for migrations of large tables
 * @throws AppError `misconfigured` where the root certificate cannot be read
 */
export function openPostgres<Tables>(
  config: PostgresConfig,
  timeouts: Partial<PostgresTimeouts> = {},
): Kysely<Tables> {
  return openConnection<Tables>(config, timeouts).db;
}

/** The connection of {@link openPostgres} with what runs queries over it. */
export interface PostgresConnection<Tables> {
  readonly db: Kysely<Tables>;
  /** Closes the connection until the next query, so that the server has room for others. Waits for nothing. */
  rest(): void;
}

/** As {@link openPostgres}. */
export function openConnection<Tables>(
  config: PostgresConfig,
  timeouts: Partial<PostgresTimeouts> = {},
): PostgresConnection<Tables> {
  const limits = { ...(config.embedded ? EMBEDDED_TIMEOUTS : SERVER_TIMEOUTS), ...timeouts };
  const pool = new TranslatingPool(config, limits);
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), rest: () => pool.rest() };
}

/**
 * Checks the server's version. It costs a round trip of its own, so commands that sign in leave it out.
 * @returns the version, as the server words it
 * @throws AppError `unsupported_version` with `server` (the product), its `version` and the `minimum`
 */
export async function requireSupportedServer(db: QueryExecutorProvider): Promise<string> {
  const { rows } = await sql<{ number: number; version: string }>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version
  `.execute(db);
  const { number = 0, version = 'unknown' } = rows[0] ?? {};
  if (number >= MINIMUM_VERSION * 10_000) return version;
  throw postgresFailure('unsupported_version', 'version', {
    server: 'PostgreSQL',
    version,
    minimum: MINIMUM_VERSION,
  });
}

/** pg's pool behind the interface that Kysely asks for: errors are translated, and TLS is optional under `prefer`. */
class TranslatingPool implements PostgresPool {
  readonly #config: PostgresConfig;
  readonly #timeouts: PostgresTimeouts;
  readonly #server: string;
  #mayGoWithoutTls: boolean;
  #pool: Pool;
  /** Under way, if one is. */
  #connecting: Promise<PoolClient> | undefined;
  /** In use, if it is. */
  #client: PoolClient | undefined;

  constructor(config: PostgresConfig, timeouts: PostgresTimeouts) {
    const tls = postgresTls(config.host, config.sslMode, config.sslRootCert);
    this.#config = config;
    this.#timeouts = timeouts;
    this.#server = serverName(config);
    this.#mayGoWithoutTls = tls !== false && config.sslMode === 'prefer' && config.sslRootCert !== 'system';
    this.#pool = this.#newPool(tls);
  }

  async connect(): Promise<PostgresPoolClient> {
    // Who comes meanwhile shares its failure, and does not wait for the same timeout once more.
    await this.#connecting;
    const connecting = this.#checkOut();
    this.#connecting = connecting;
    try {
      const client = await connecting;
      this.#client = client;
      return translating(client, this.#server, () => {
        if (this.#client === client) this.#client = undefined;
      });
    } finally {
      if (this.#connecting === connecting) this.#connecting = undefined;
    }
  }

  /** Waits for no query: whoever ends in the midst of one has no more use for it. */
  async end(): Promise<void> {
    this.#client?.end().catch(() => {});
    await this.#pool.end();
  }

  rest(): void {
    const pool = this.#pool;
    this.#pool = this.#newPool(pool.options.ssl ?? false);
    pool.end().catch(() => {});
  }

  async #checkOut(): Promise<PoolClient> {
    const pool = this.#pool;
    try {
      return await pool.connect();
    } catch (error) {
      if (pool !== this.#pool) return this.#checkOut(); // another query found out meanwhile
      if (!this.#mayGoWithoutTls || !refusesTls(error)) throw translatePostgresError(error, this.#server);
      this.#mayGoWithoutTls = false;
      this.#pool = this.#newPool(false);
      return this.#checkOut();
    }
  }

  #newPool(ssl: NonNullable<PoolConfig['ssl']>): Pool {
    const { host, port, user, password, database } = this.#config;
    if (!host.startsWith('/')) boundNameResolution(host);
    const pool = new Pool({
      Client: ssl && this.#mayGoWithoutTls ? OpportunisticClient : TidyClient,
      host,
      port,
      user,
      database,
      ssl,
      password: password || noPassword,
      sslnegotiation: 'postgres', // or PGSSLNEGOTIATION would have a say
      application_name: 'airbnb',
      max: 1,
      allowExitOnIdle: true,
      connectionTimeoutMillis: this.#timeouts.connectMs,
      query_timeout: this.#timeouts.queryMs, // the driver's own: PgBouncer refuses statement_timeout at the start
    });
    pool.on('error', () => {}); // an idle connection broke; the pool makes another when it is needed
    return pool;
  }
}

/**
 * A connection that translates errors and gives up after the first that it cannot recover from: what comes after
 * it, a rollback say, fails at once with the same error, and the pool gets no connection back that is out of step.
 */
function translating(client: PoolClient, server: string, onRelease: () => void): PostgresPoolClient {
  let fatal: unknown;
  const onError = (error: unknown) => {
    fatal ??= translatePostgresError(error, server);
  };
  client.on('error', onError);
  const query = async (sql: string, parameters: readonly unknown[]) => {
    if (fatal !== undefined) throw fatal;
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      const translated = translatePostgresError(error, server);
      if (!leavesConnectionUsable(error)) fatal ??= translated;
      throw translated;
    }
  };
  return {
    query: query as unknown as PostgresPoolClient['query'], // Kysely asks for a cursor only to stream
    release() {
      onRelease();
      client.release(fatal !== undefined);
      client.off('error', onError);
    },
  };
}

/**
 * Closes its socket when it gives up in the midst of authentication, where the driver leaves it open. Takes nothing from
 * the environment: what PGOPTIONS and PGREPLICATION say, the driver would send when it connects, and a pooler refuses
 * the connection for that.
 */
class TidyClient extends Client {
  declare private readonly connectionParameters: { options?: string; replication?: string };
  declare readonly connection: Connection & { attachListeners(stream: Duplex): void };

  constructor(config?: ClientConfig) {
    super(config);
    delete this.connectionParameters.options;
    delete this.connectionParameters.replication;
    this.connection.on('error', () => this.connection.stream.destroy());
  }
}

/**
 * Asks for TLS, and goes on in the same connection without it where the server has none, as libpq does under `prefer`.
 * The driver would give up, and another connection takes the server as long as the query.
 */
class OpportunisticClient extends TidyClient {
  constructor(config?: ClientConfig) {
    super(config);
    const { connection } = this;
    const { stream } = connection;
    connection.once('connect', () => {
      const [onAnswer] = stream.listeners('data') as ((answer: Buffer) => void)[];
      if (!onAnswer) return;
      stream.off('data', onAnswer);
      stream.once('data', (answer: Buffer) => {
        if (answer.toString('latin1') !== NO_TLS) return onAnswer.call(stream, answer);
        connection.attachListeners(stream);
        connection.emit('sslconnect'); // What the driver sends next is the same, encrypted or not.
      });
    });
  }
}

/** https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
const NO_TLS = 'N';

/** In place of an absent password, for which the driver would search PGPASSWORD and ~/.pgpass. */
function noPassword(): never {
  throw new NoPasswordError();
}

function serverName(config: PostgresConfig): string {
  return config.embedded ? 'embedded' : postgresServerName(config);
}
