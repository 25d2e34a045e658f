import { isIPv6 } from 'node:net';
import { AppError } from '../errors.ts';
import type { Settings } from '../settings.ts';

/** How servers are talked to. */
interface RedisAccess {
  readonly tls: boolean;
  /** Path of a private certificate authority, in PEM. */
  readonly tlsCa?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** One Redis server on TCP, as REDIS_URL or REDIS_HOST and REDIS_PORT name it. */
export interface RedisServerAddress extends RedisAccess, RedisNode {
  readonly db: number;
}

/** A Redis Cluster, by some of its nodes: REDIS_CLUSTER. It has database 0 alone. */
export interface RedisClusterAddress extends RedisAccess {
  readonly cluster: readonly RedisNode[];
}

/** The primary of that name that sentinels watch over: REDIS_SENTINELS and REDIS_MASTER_NAME. */
export interface RedisSentinelAddress extends RedisAccess {
  readonly sentinels: readonly RedisNode[];
  readonly masterName: string;
  readonly db: number;
}

export type RedisAddress = RedisServerAddress | RedisClusterAddress | RedisSentinelAddress;

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;
/** Each names a Redis of another kind. */
const KINDS = ['REDIS_URL', 'REDIS_CLUSTER', 'REDIS_SENTINELS'] as const;
const NAMES_A_SERVER = [...KINDS, 'REDIS_HOST', 'REDIS_PORT', 'REDIS_DB'];
/** Settings that mean nothing without a server: alone they are a server's name that got lost. */
const NEEDS_A_SERVER = ['REDIS_USERNAME', 'REDIS_TLS_CA'];

/**
 * The Redis that the settings name, or undefined where they name none (then it is the embedded one).
 * @throws AppError `invalid_setting` or `conflicting_settings`; a value is never repeated in it, as a URL
 *   may hold a password.
 */
export function redisAddress(settings: Settings): RedisAddress | undefined {
  const kinds = KINDS.filter((name) => settings.get(name) !== undefined);
  if (kinds.length > 1) throw new AppError('conflicting_settings', { settings: kinds.join(', ') });
  if (kinds[0] !== 'REDIS_SENTINELS' && settings.get('REDIS_MASTER_NAME') !== undefined) {
    throw new AppError('invalid_setting', { setting: 'REDIS_MASTER_NAME', problem: 'names_no_sentinels' });
  }
  if (NAMES_A_SERVER.every((name) => settings.get(name) === undefined)) {
    const orphan = NEEDS_A_SERVER.find((name) => settings.get(name) !== undefined);
    if (orphan) throw new AppError('invalid_setting', { setting: orphan, problem: 'names_no_server' });
    return undefined;
  }

  const place = readPlace(settings, kinds[0]);
  return {
    ...place,
    tlsCa: settings.get('REDIS_TLS_CA'),
    username: place.username ?? settings.get('REDIS_USERNAME'),
    password: place.password ?? settings.get('REDIS_PASSWORD'),
  };
}

/** The setting that names a Redis of this kind. */
export function redisSetting(address: RedisAddress): (typeof KINDS)[number] {
  if ('cluster' in address) return 'REDIS_CLUSTER';
  return 'sentinels' in address ? 'REDIS_SENTINELS' : 'REDIS_URL';
}

/**
 * The name of a Redis in the token file: lower case, no credentials, ports and the database always there. A cluster or
 * sentinels go by the nodes that the settings name, in whatever order these do.
 * @example redisServerName({ host: 'Cache', port: 6379, db: 2, tls: true }) // 'rediss://cache:6379/2'
 * @example redisServerName({ sentinels, masterName: 'main', db: 0, tls: false }) // 'redis-sentinel://main@a:26379,b:26379'
 */
export function redisServerName(address: RedisAddress): string {
  if ('cluster' in address) return `redis-cluster://${namesOf(address.cluster)}`;
  if ('sentinels' in address) {
    return `redis-sentinel://${address.masterName}@${namesOf(address.sentinels)}`.toLowerCase();
  }
  return `${address.tls ? 'rediss' : 'redis'}://${nameOf(address)}/${address.db}`;
}

const nameOf = ({ host, port }: RedisNode) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`.toLowerCase();

const namesOf = (nodes: readonly RedisNode[]) => [...new Set(nodes.map(nameOf))].sort().join(',');

function readPlace(settings: Settings, kind: (typeof KINDS)[number] | undefined): RedisAddress {
  switch (kind) {
    case 'REDIS_CLUSTER':
      return fromCluster(settings);
    case 'REDIS_SENTINELS':
      return fromSentinels(settings);
    case 'REDIS_URL':
      return fromUrl(settings.get(kind) ?? '');
    default:
      return fromHostAndPort(settings);
  }
}

function fromCluster(settings: Settings): RedisClusterAddress {
  const { nodes, tls } = nodesOf(settings, 'REDIS_CLUSTER', DEFAULT_PORT);
  if ((databaseOf(settings) ?? 0) !== 0) {
    throw new AppError('invalid_setting', { setting: 'REDIS_DB', problem: 'cluster_has_one_database' });
  }
  return { cluster: nodes, tls };
}

function fromSentinels(settings: Settings): RedisSentinelAddress {
  const { nodes, tls } = nodesOf(settings, 'REDIS_SENTINELS', DEFAULT_SENTINEL_PORT);
  const masterName = settings.get('REDIS_MASTER_NAME');
  if (masterName === undefined) {
    throw new AppError('invalid_setting', { setting: 'REDIS_SENTINELS', problem: 'names_no_master' });
  }
  // Sentinel itself allows no more in a name.
  if (!/^[\w.-]+$/.test(masterName)) {
    throw new AppError('invalid_setting', { setting: 'REDIS_MASTER_NAME', problem: 'not_a_master_name' });
  }
  return { sentinels: nodes, masterName, db: databaseOf(settings) ?? 0, tls };
}

/** `host:port`, where it is said with `redis://` or `rediss://` before it; an IPv6 address is in brackets. */
const NODE = /^(?:(rediss?):\/\/)?(?:\[([^\]]*)\]|([^\s:/@,?#%[\]]+))(?::(\d{1,5}))?\/?$/i;

/**
 * Reads a list of nodes. All are talked to by TLS where each says so by `rediss://`, and where none says anything and
 * there is an authority to trust: only TLS has a use for that.
 */
function nodesOf(settings: Settings, setting: (typeof KINDS)[number], defaultPort: number) {
  const invalid = (problem: string) => new AppError('invalid_setting', { setting, problem });
  const schemes = new Set<string | undefined>();
  const nodes = (settings.get(setting) ?? '').split(',').map((text): RedisNode => {
    const [, scheme, ipv6, name = ipv6 ?? '', digits] = NODE.exec(text.trim()) ?? [];
    const port = digits === undefined ? defaultPort : Number(digits);
    const isNode = name !== '' && (ipv6 === undefined || isIPv6(ipv6)) && port >= 1 && port <= 65_535;
    if (!isNode) throw invalid('not_a_node_list');
    schemes.add(scheme?.toLowerCase());
    return { host: name.toLowerCase(), port };
  });
  if (schemes.size > 1) throw invalid('mixed_schemes');
  const [scheme] = schemes;
  return {
    nodes,
    tls: scheme === 'rediss' || (scheme === undefined && settings.get('REDIS_TLS_CA') !== undefined),
  };
}

const databaseOf = (settings: Settings) => settings.wholeNumber('REDIS_DB', { min: 0, max: 1_000_000 });

function fromHostAndPort(settings: Settings): RedisServerAddress {
  const host = (settings.get('REDIS_HOST') ?? 'localhost').replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // A colon is part of an IPv6 address and of nothing else: a port goes into REDIS_PORT.
  if (/[\s/@,]/.test(host) || (host.includes(':') && !isIPv6(host))) {
    throw new AppError('invalid_setting', { setting: 'REDIS_HOST', problem: 'not_a_host' });
  }
  return {
    host,
    port: settings.wholeNumber('REDIS_PORT', { min: 1, max: 65535 }) ?? DEFAULT_PORT,
    db: databaseOf(settings) ?? 0,
    tls: false,
  };
}

function fromUrl(text: string): RedisServerAddress {
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
