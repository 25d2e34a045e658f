import { Cluster, type ClusterOptions, type Redis } from 'ioredis';
import { boundNameResolution } from './name-resolution.ts';
import type { RedisClusterAddress } from './redis-address.ts';
import { redisFailed } from './redis-errors.ts';
import type { Issue, RedisLink } from './redis-link.ts';
import { CLIENT_OPTIONS, inOneWrite, tlsOptions } from './redis-options.ts';
import { askAny } from './redis-seeds.ts';

/**
 * How often a command is sent again: where its slot has moved, its node has gone, or the cluster is down for the
 * moment. With the pauses in between that is less than a flight's time, so that the command still says what it met.
 */
const MAX_REDIRECTIONS = 16;
/** Milliseconds before a command is sent again. */
const PAUSE = 50;
/** Milliseconds for a node to tell which node has which slots. */
const SLOTS_TIMEOUT = 500;

/**
 * The way to a Redis Cluster: ioredis sends each command to the node that has its key, and follows slots that move
 * and replicas that take over. What it sends again is safe to run twice.
 */
export class ClusterLink implements RedisLink {
  lastError: unknown;
  readonly #address: RedisClusterAddress;
  #cluster: Cluster | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(address: RedisClusterAddress) {
    this.#address = address;
  }

  open(): Promise<void> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  issue(commands: Issue) {
    const cluster = this.#cluster as Cluster;
    const streams = cluster.nodes('master').flatMap(({ stream }) => stream ?? []);
    // It has the commands of a client of one server, and lacks what a link forbids anyway.
    const replies = inOneWrite(streams, () => commands(cluster as unknown as Redis));
    return { prologue: [], replies };
  }

  close(): void {
    this.#isClosed = true;
    const nodes = this.#cluster?.nodes() ?? [];
    this.#cluster?.disconnect();
    for (const { stream } of nodes) stream?.destroy();
  }

  async #connect(): Promise<void> {
    const servers = this.#address.cluster.map((seed) => ({ ...this.#address, ...seed, db: 0 }));
    // ioredis would try them one by one, and would not tell what is wrong with the certificate or the password.
    const { server } = await askAny(servers, slotsOf);
    if (this.#isClosed) throw redisFailed('unreachable', 'ECONNABORTED');
    const cluster = new Cluster([{ host: server.host, port: server.port }], optionsFor(this.#address));
    for (const event of ['error', 'node error']) {
      cluster.on(event, (error: unknown) => {
        this.lastError = error;
      });
    }
    this.#cluster = cluster;
    await cluster.connect();
  }
}

async function slotsOf(redis: Redis): Promise<unknown> {
  try {
    return await redis.cluster('SLOTS');
  } catch (error) {
    if (/cluster support disabled/.test((error as Error).message))
      throw redisFailed('misconfigured', 'NOCLUSTER');
    throw error;
  }
}

function optionsFor({ tls, tlsCa, username, password }: RedisClusterAddress) {
  return {
    lazyConnect: true,
    enableReadyCheck: false,
    clusterRetryStrategy: () => null,
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: PAUSE,
    retryDelayOnClusterDown: PAUSE,
    retryDelayOnTryAgain: PAUSE,
    slotsRefreshTimeout: SLOTS_TIMEOUT,
    // Names stay names, which is what certificates are made out to; the system looks them up when it connects.
    dnsLookup: (host, callback) => {
      boundNameResolution(host);
      callback(null, host);
    },
    redisOptions: {
      ...CLIENT_OPTIONS,
      // It connects to nodes of which we know nothing, and for one that is gone would hold up our exit.
      disconnectTimeout: 0,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: tlsOptions(tlsCa) } : {}),
    },
  } satisfies ClusterOptions;
}
