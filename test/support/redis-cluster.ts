import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { EngineProcess } from './engines/engine-process.ts';
import { freePort } from './engines/launching.ts';
import { startRedisServer } from './engines/native.ts';
import { until } from './until.ts';

const SLOTS = 16_384;
/** Milliseconds for which a node may be silent before others take it for gone. */
const NODE_TIMEOUT = 1_000;

export interface RedisClusterOptions {
  /** Whether each primary has a replica. */
  replicas?: boolean;
  /** Of the default user, on all nodes. */
  password?: string;
  /** Paths of what TLS takes; there is no plain TCP then. */
  tls?: { ca: string; cert: string; key: string };
}

/** A Redis Cluster of three primaries on this machine; whoever started it disposes of it. */
export class RedisCluster {
  readonly nodes: readonly EngineProcess[];
  readonly #options: RedisClusterOptions;
  readonly #clients = new Map<EngineProcess, Redis>();
  readonly #ids = new Map<EngineProcess, string>();

  private constructor(nodes: EngineProcess[], options: RedisClusterOptions) {
    this.nodes = nodes;
    this.#options = options;
  }

  /** Resolves when all nodes know each other and every slot is served. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const starting = Array.from({ length: options.replicas ? 6 : 3 }, () => startNode(options));
    const outcomes = await Promise.allSettled(starting);
    const nodes = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const cluster = new RedisCluster(nodes, options);
    try {
      await Promise.all(starting);
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  /** All nodes, as REDIS_CLUSTER takes them. */
  get seeds(): string {
    return this.nodes.map(({ url }) => (this.#options.tls ? url : new URL(url).host)).join(',');
  }

  /** A plain client of one node, which follows no redirections. */
  client(node: EngineProcess): Redis {
    const known = this.#clients.get(node);
    if (known) return known;
    const client = clientOf(node.port, this.#options);
    this.#clients.set(node, client);
    return client;
  }

  /** The node that serves a key as its primary, by what the first node that runs knows. */
  async primaryOf(key: string): Promise<EngineProcess> {
    const slot = await this.slotOf(key);
    const owner = (await this.#slots()).find(({ from, to }) => from <= slot && slot <= to);
    const node = this.nodes.find(({ port }) => port === owner?.port);
    if (!node) throw new Error(`nobody serves slot ${slot}`);
    return node;
  }

  /** The nodes that have slots. */
  async primaries(): Promise<EngineProcess[]> {
    const ports = new Set((await this.#slots()).map(({ port }) => port));
    return this.nodes.filter(({ port }) => ports.has(port));
  }

  async slotOf(key: string): Promise<number> {
    return this.client(this.#firstRunning).cluster('KEYSLOT', key);
  }

  /** Ends a node as `kill -9` does. */
  async kill(node: EngineProcess): Promise<void> {
    this.#clients.get(node)?.disconnect();
    this.#clients.delete(node);
    await node.kill();
  }

  /**
   * Moves a slot with all that is in it, as `redis-cli --cluster reshard` does: step by step, while it is in use.
   * @param pauseMs milliseconds for which it stays half moved, once before its keys have moved and once behind
   */
  async moveSlot(slot: number, from: EngineProcess, to: EngineProcess, pauseMs: number): Promise<void> {
    const [source, target] = [this.client(from), this.client(to)];
    const [sourceId, targetId] = [this.#idOf(from), this.#idOf(to)];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    await sleep(pauseMs);
    const auth = this.#options.password === undefined ? [] : ['AUTH', this.#options.password];
    for (;;) {
      const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      if (keys.length === 0) break;
      await source.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, ...auth, 'KEYS', ...keys);
    }
    await sleep(pauseMs);
    // The two first, in this order; the others would hear of it later by themselves.
    for (const node of new Set([to, from, ...(await this.primaries())])) {
      await this.client(node).call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
    }
  }

  /** How often nodes have sent clients elsewhere so far, by the name of the reply. */
  async redirections(reply: 'MOVED' | 'ASK'): Promise<number> {
    const counts = await Promise.all(
      this.nodes.map(async (node) => {
        const info = await this.client(node).info('errorstats');
        return Number(new RegExp(`errorstat_${reply}:count=(\\d+)`).exec(info)?.[1] ?? 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients.values()) client.disconnect();
    await Promise.all(this.nodes.map((node) => node.dispose()));
  }

  /** Resolves when each node that runs sees every slot served, and each of the others. */
  async settled(): Promise<void> {
    const running = this.nodes.filter((node) => node.running);
    await until('the cluster has settled', async () => {
      const infos = await Promise.all(running.map((node) => this.client(node).cluster('INFO')));
      return infos.every((info) => /cluster_state:ok/.test(info) && /cluster_slots_fail:0/.test(info));
    });
  }

  get #firstRunning(): EngineProcess {
    const node = this.nodes.find(({ running }) => running);
    if (!node) throw new Error('no node runs');
    return node;
  }

  #idOf(node: EngineProcess): string {
    return this.#ids.get(node) ?? '';
  }

  async #slots() {
    const reply: unknown = await this.client(this.#firstRunning).cluster('SLOTS');
    const ranges = reply as [number, number, [string, number]][];
    return ranges.map(([from, to, [, port]]) => ({ from, to, port }));
  }

  async #form(): Promise<void> {
    const primaries = this.nodes.slice(0, 3);
    const replicas = this.nodes.slice(3);
    const [first] = this.nodes as [EngineProcess];
    for (const [index, node] of this.nodes.entries()) {
      const client = this.client(node);
      this.#ids.set(node, (await client.call('CLUSTER', 'MYID')) as string);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    for (const [index, node] of primaries.entries()) {
      const bound = (part: number) => Math.floor((SLOTS * part) / primaries.length);
      await this.client(node).call('CLUSTER', 'ADDSLOTSRANGE', bound(index), bound(index + 1) - 1);
    }
    for (const node of this.nodes.slice(1)) {
      await this.client(first).call('CLUSTER', 'MEET', '127.0.0.1', node.port, busPorts.get(node) ?? 0);
    }
    await until('all nodes know each other', async () => {
      const infos = await Promise.all(this.nodes.map((node) => this.client(node).cluster('INFO')));
      return infos.every((info) => info.includes(`cluster_known_nodes:${this.nodes.length}`));
    });
    for (const [index, node] of replicas.entries()) {
      const primary = this.#idOf(primaries[index] as EngineProcess);
      await until('a primary is known to its replica', async () => {
        const reply = await this.client(node).call('CLUSTER', 'REPLICATE', primary);
        return reply === 'OK';
      });
    }
    await until('replicas follow', async () => {
      const infos = await Promise.all(replicas.map((node) => this.client(node).info('replication')));
      return infos.every((info) => info.includes('master_link_status:up'));
    });
    await this.settled();
  }
}

/** The port on which a node talks to the others. */
const busPorts = new WeakMap<EngineProcess, number>();

async function startNode(options: RedisClusterOptions): Promise<EngineProcess> {
  const busPort = await freePort();
  const { password, tls } = options;
  const node = await startRedisServer({
    tls: tls !== undefined,
    settings: [
      'cluster-enabled yes',
      `cluster-port ${busPort}`,
      `cluster-node-timeout ${NODE_TIMEOUT}`,
      'cluster-replica-validity-factor 0',
      'repl-diskless-sync-delay 0',
      ...(password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`]),
      ...(tls
        ? [
            `tls-ca-cert-file ${tls.ca}`,
            `tls-cert-file ${tls.cert}`,
            `tls-key-file ${tls.key}`,
            'tls-auth-clients no',
            'tls-cluster yes',
            'tls-replication yes',
          ]
        : []),
    ],
    answers: async (port) => {
      const client = clientOf(port, options);
      try {
        return (await client.ping()) === 'PONG';
      } catch {
        return false;
      } finally {
        client.disconnect();
      }
    },
  });
  busPorts.set(node, busPort);
  return node;
}

function clientOf(port: number, { password, tls }: RedisClusterOptions): Redis {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(password === undefined ? {} : { password }),
    // It is our own, on loopback: whether certificates are looked at is for the tests to show.
    ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
  });
  client.on('error', () => {});
  return client;
}
