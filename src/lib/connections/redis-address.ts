import { isIPv6 } from 'node:net';
import { AppError } from '../errors.ts';
import type { Settings } from '../settings.ts';

/** One Redis server on TCP, as REDIS_URL or REDIS_HOST and REDIS_PORT name it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly tls: boolean;
  /** Path of a private certificate authority, in PEM. */
  readonly tlsCa?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const DEFAULT_PORT = 6379;
const NAMES_A_SERVER = ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_DB'];
const OF_OTHER_KINDS = ['REDIS_CLUSTER', 'REDIS_SENTINELS'];
/** Settings that mean nothing without a server: alone they are a server's name that got lost. */
const NEEDS_A_SERVER = ['REDIS_USERNAME', 'REDIS_TLS_CA', 'REDIS_MASTER_NAME'];

/**
 * The Redis that the settings name, or undefined where they name none (then it is the embedded one).
 * @throws AppError `invalid_setting` or `conflicting_settings`; a value is never repeated in it, as a URL
 *   may hold a password.
 */
export function redisAddress(settings: Settings): RedisAddress | undefined {
  const kinds = ['REDIS_URL', ...OF_OTHER_KINDS].filter((name) => settings.get(name) !== undefined);
  if (kinds.length > 1) throw new AppError('conflicting_settings', { settings: kinds.join(', ') });
  for (const setting of OF_OTHER_KINDS) {
    if (settings.get(setting) !== undefined) {
      throw new AppError('invalid_setting', { setting, problem: 'not_supported_yet' });
    }
  }
  if (NAMES_A_SERVER.every((name) => settings.get(name) === undefined)) {
    const orphan = NEEDS_A_SERVER.find((name) => settings.get(name) !== undefined);
    if (orphan) throw new AppError('invalid_setting', { setting: orphan, problem: 'names_no_server' });
    return undefined;
  }

  const url = settings.get('REDIS_URL');
  const place = url === undefined ? fromHostAndPort(settings) : fromUrl(url);
  return {
    ...place,
    tlsCa: settings.get('REDIS_TLS_CA'),
    username: place.username ?? settings.get('REDIS_USERNAME'),
    password: place.password ?? settings.get('REDIS_PASSWORD'),
  };
}

/**
 * The name of a server in the token file: lower case, no credentials, port and database always there.
 * @example redisServerName({ host: 'Cache', port: 6379, db: 2, tls: true }) // 'rediss://cache:6379/2'
 */
export function redisServerName({ host, port, db, tls }: RedisAddress): string {
  const authority = host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'rediss' : 'redis'}://${authority}:${port}/${db}`.toLowerCase();
}

function fromHostAndPort(settings: Settings): RedisAddress {
  const host = (settings.get('REDIS_HOST') ?? 'localhost').replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // A colon is part of an IPv6 address and of nothing else: a port goes into REDIS_PORT.
  if (/[\s/@,]/.test(host) || (host.includes(':') && !isIPv6(host))) {
    throw new AppError('invalid_setting', { setting: 'REDIS_HOST', problem: 'not_a_host' });
  }
  return {
    host,
    port: settings.wholeNumber('REDIS_PORT', { min: 1, max: 65535 }) ?? DEFAULT_PORT,
    db: settings.wholeNumber('REDIS_DB', { min: 0, max: 1_000_000 }) ?? 0,
    tls: false,
  };
}

function fromUrl(text: string): RedisAddress {
  const invalid = () => new AppError('invalid_setting', { setting: 'REDIS_URL', problem: 'not_a_redis_url' });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid();
  }
  const db = url.pathname === '' || url.pathname === '/' ? '0' : url.pathname.slice(1);
  const isRedis = url.protocol === 'redis:' || url.protocol === 'rediss:';
  const isOneHost = url.hostname !== '' && !url.hostname.includes(',');
  if (!isRedis || !isOneHost || url.port === '0' || !/^\d{1,7}$/.test(db)) throw invalid();
  // A ? or # in a password that is not percent-encoded cuts the URL short, and what is left names another host.
  if (url.search !== '' || url.hash !== '') throw invalid();
  try {
    return {
      host: decodeURIComponent(url.hostname)
        .replace(/^\[(.*)\]$/, '$1')
        .toLowerCase(),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      db: Number(db),
      tls: url.protocol === 'rediss:',
      username: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
    };
  } catch {
    throw invalid(); // a stray % in the credentials
  }
}
