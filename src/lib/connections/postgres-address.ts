import { userInfo } from 'node:os';
import { AppError } from '../errors.ts';
import type { Settings } from '../settings.ts';

/** libpq's sslmode, without its `allow`. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** One PostgreSQL server, as DATABASE_URL or the PG* variables name it. */
export interface PostgresAddress {
  /** A host name, an address, or (beginning with `/`) the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  /** Path of the certificate authority that verify-ca and verify-full go by, in PEM. */
  readonly sslRootCert?: string | undefined;
}

const DEFAULT_PORT = 5432;
const NAMES_A_SERVER = ['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGDATABASE'];

/**
 * The PostgreSQL that the settings name, or undefined where they name none (then it is the embedded one).
 * @throws AppError `invalid_setting`; a value is never repeated in it, as a URL may hold a password.
 */
export function postgresAddress(settings: Settings): PostgresAddress | undefined {
  if (NAMES_A_SERVER.every((name) => settings.get(name) === undefined)) return undefined;
  const url = settings.get('DATABASE_URL');
  return url === undefined ? fromPgVariables(settings) : fromUrl(url, settings);
}

/** The name of a PostgreSQL for people, without the user: `db.example.com:5432/airbnb`. */
export function postgresServerName({
  host,
  port,
  database,
}: Pick<PostgresAddress, 'host' | 'port' | 'database'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

function fromPgVariables(settings: Settings): PostgresAddress {
  const host = settings.get('PGHOST') ?? 'localhost';
  refuseSeveralHosts('PGHOST', host);
  // What is no host may be a URL with a password, and the host is told to people.
  if (!host.startsWith('/') && /[\s/@]/.test(host)) {
    throw new AppError('invalid_setting', { setting: 'PGHOST', problem: 'not_a_host' });
  }
  const user = settings.get('PGUSER') ?? userOfSystem();
  return {
    host,
    port: settings.wholeNumber('PGPORT', { min: 1, max: 65535 }) ?? DEFAULT_PORT,
    user,
    password: settings.get('PGPASSWORD'),
    database: settings.get('PGDATABASE') ?? user,
    sslMode: sslMode(settings, host),
    sslRootCert: settings.get('PGSSLROOTCERT'),
  };
}

function fromUrl(text: string, settings: Settings): PostgresAddress {
  const setting = 'DATABASE_URL';
  const invalid = () => new AppError('invalid_setting', { setting, problem: 'not_a_postgres_url' });
  const authority = /^[A-Za-z]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  refuseSeveralHosts(setting, authority.slice(authority.lastIndexOf('@') + 1));
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid();
  }
  const isPostgres = url.protocol === 'postgres:' || url.protocol === 'postgresql:';
  // A # in a password that is not percent-encoded cuts the URL short, and what is left names another host.
  if (!isPostgres || url.hash !== '') throw invalid();
  // So does a / or a ? in it: then an @ stands where no name of a database or of a parameter has one.
  const query = url.search === '' ? undefined : url.searchParams; // Node takes time to make it.
  if (url.pathname.includes('@') || [...(query?.keys() ?? [])].some((key) => key.includes('@'))) {
    throw invalid();
  }
  try {
    // As in libpq, the query may hold what the part before it lacks: the folder of a unix socket above all.
    const part = (inUrl: string, inQuery: string) =>
      decodeURIComponent(inUrl) || query?.get(inQuery) || undefined;
    const hostname = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
    const host = query?.get('host') || hostname || 'localhost';
    const port = Number(part(url.port, 'port') ?? DEFAULT_PORT);
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw invalid();
    const user = part(url.username, 'user') ?? settings.get('PGUSER') ?? userOfSystem();
    refuseSeveralHosts(setting, host);
    return {
      host,
      port,
      user,
      password: part(url.password, 'password') ?? settings.get('PGPASSWORD'),
      database: part(url.pathname.slice(1), 'dbname') ?? user,
      sslMode: sslMode(settings, host, query?.get('sslmode')),
      sslRootCert: query?.get('sslrootcert') ?? settings.get('PGSSLROOTCERT'),
    };
  } catch (error) {
    throw error instanceof AppError ? error : invalid(); // a stray % in the credentials
  }
}

/** libpq tries several hosts in turn; the driver takes one. */
function refuseSeveralHosts(setting: string, host: string): void {
  if (host.includes(',')) throw new AppError('invalid_setting', { setting, problem: 'several_hosts' });
}

/**
 * As in libpq: `prefer` unless said, and never TLS on a unix socket.
 * @param inUrl the sslmode of DATABASE_URL, which outranks PGSSLMODE
 */
function sslMode(settings: Settings, host: string, inUrl: string | null = null): SslMode {
  if (host.startsWith('/')) return 'disable';
  const text = inUrl ?? settings.get('PGSSLMODE') ?? 'prefer';
  const mode = SSL_MODES.find((each) => each === text);
  const setting = inUrl === null ? 'PGSSLMODE' : 'DATABASE_URL';
  if (!mode) throw new AppError('invalid_setting', { setting, problem: 'not_an_sslmode' });
  return mode;
}

/** Who runs the command, as libpq takes it. @throws AppError where the system does not know, as in a bare container */
function userOfSystem(): string {
  try {
    return userInfo().username;
  } catch {
    throw new AppError('invalid_setting', { setting: 'PGUSER', problem: 'no_user' });
  }
}
