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

function fromPgVariables(settings: Settings): PostgresAddress {
  const host = settings.get('PGHOST') ?? 'localhost';
  refuseSeveralHosts('PGHOST', host);
  const user = settings.get('PGUSER') ?? userInfo().username;
  return {
    host,
    port: settings.wholeNumber('PGPORT', { min: 1, max: 65535 }) ?? DEFAULT_PORT,
    user,
    password: settings.get('PGPASSWORD'),
    database: settings.get('PGDATABASE') ?? user,
    sslMode: sslMode('PGSSLMODE', settings.get('PGSSLMODE'), host),
    sslRootCert: settings.get('PGSSLROOTCERT'),
  };
}

function fromUrl(text: string, settings: Settings): PostgresAddress {
  const setting = 'DATABASE_URL';
  const invalid = () => new AppError('invalid_setting', { setting, problem: 'not_a_postgres_url' });
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
  refuseSeveralHosts(setting, authority.slice(authority.lastIndexOf('@') + 1));
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid();
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw invalid();
  try {
    const query = url.searchParams;
    const host =
      query.get('host') ?? (decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost');
    refuseSeveralHosts(setting, host);
    const user = decodeURIComponent(url.username) || (settings.get('PGUSER') ?? userInfo().username);
    return {
      host,
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      user,
      password: decodeURIComponent(url.password) || settings.get('PGPASSWORD'),
      database: decodeURIComponent(url.pathname.slice(1)) || user,
      sslMode: sslMode(setting, query.get('sslmode') ?? settings.get('PGSSLMODE'), host),
      sslRootCert: query.get('sslrootcert') ?? settings.get('PGSSLROOTCERT'),
    };
  } catch (error) {
    throw error instanceof AppError ? error : invalid(); // a stray % in the credentials
  }
}

/** libpq tries several hosts in turn; the driver takes one. */
function refuseSeveralHosts(setting: string, host: string): void {
  if (host.includes(',')) throw new AppError('invalid_setting', { setting, problem: 'several_hosts' });
}

/** As in libpq: `prefer` unless said, and never TLS on a unix socket. */
function sslMode(setting: string, text: string | undefined, host: string): SslMode {
  if (host.startsWith('/')) return 'disable';
  const mode = SSL_MODES.find((each) => each === (text ?? 'prefer'));
  if (!mode) throw new AppError('invalid_setting', { setting, problem: 'not_an_sslmode' });
  return mode;
}
