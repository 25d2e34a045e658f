import type { Redis } from 'ioredis';
import type { RedisConnection } from '../src/lib/connections/redis.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { newToken } from '../src/lib/session/session-token.ts';
import { sampleSession } from '../test/support/sample-session.ts';
import { plainClient } from '../test/support/session-backend.ts';
import { connect, startRedis } from './bench-engines.ts';
import { pinApart } from './pinning.ts';
import { startSession } from './signed-in-user.ts';
import { median } from './statistics.ts';
import { table } from './table.ts';

const ROUNDS = 7;
/** Clients at one time, so that Redis is never idle: to be woken for each request would cost it more than the request. */
const CLIENTS = 50;
const REQUESTS_A_CLIENT = 20;
/** Seconds. */
const TTL = 3600;
/** Of Redis' one thread: above this, requests wait for one another noticeably. */
const BUSY_AT_MOST = 0.7;
const CONNECTIONS = 500;

/** One who keeps a connection. */
interface Client {
  readonly connection: RedisConnection;
  readonly store: SessionStore;
}

/**
 * What Redis itself spends on a command while many clients keep it busy, by its own clock of processor time: what it can
 * carry follows from that.
 */
export async function capacity(): Promise<string> {
  const { engine, name } = await startRedis();
  const pinning = pinApart([engine.pid]);
  const client = plainClient(engine.url);
  const clients = Array.from({ length: CLIENTS }, () => {
    const connection = connect(engine.url);
    return { connection, store: new SessionStore(connection) };
  });
  try {
    const { token, mark, wire } = await startSession((clients[0] as Client).connection);
    const credential = { token, mark, userId: wire.user_id };
    const subjects: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
      'GET, open connection': ({ connection }) =>
        connection.flight((redis) => [redis.get(`session:${token}`)]),
      'restore, open connection': ({ store }) => store.restore(credential, TTL, new Date()),
      'restore, connection of its own': async () => {
        const own = connect(engine.url);
        await new SessionStore(own).restore(credential, TTL, new Date());
        own.close();
      },
      'login and logout, connection of their own': async () => {
        const own = connect(engine.url);
        const sessions = new SessionStore(own);
        const fresh = newToken();
        await sessions.start(fresh, sampleSession({ user_id: 2 }), TTL * 1000);
        await sessions.end([fresh], 2);
        own.close();
      },
    };
    const rows: string[][] = [];
    for (const [what, request] of Object.entries(subjects)) {
      const microseconds = await processorTime(client, clients, request);
      rows.push([what, microseconds.toFixed(0), ((BUSY_AT_MOST * 1e6) / microseconds).toFixed(0)]);
    }
    const head = ['', 'µs of Redis', `a second at ${BUSY_AT_MOST * 100} %`];
    const perConnection = (await memoryOfConnections(engine.url, client)) / 1000;
    return `What Redis spends (${name}, ${pinning.note})\n\n${table(head, rows)}\n\nAn open connection takes ${perConnection.toFixed(0)} kB of its memory.`;
  } finally {
    for (const { connection } of clients) connection.close();
    client.disconnect();
    pinning.release();
    await engine.dispose();
  }
}

/** Microseconds of Redis' main thread for each request, the median of some rounds. */
async function processorTime(
  observer: Redis,
  clients: readonly Client[],
  request: (client: Client) => Promise<unknown>,
): Promise<number> {
  const figures: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await secondsSpent(observer);
    await Promise.all(
      clients.map(async (client) => {
        for (let count = 0; count < REQUESTS_A_CLIENT; count++) await request(client);
      }),
    );
    figures.push((((await secondsSpent(observer)) - before) / (CLIENTS * REQUESTS_A_CLIENT)) * 1e6);
  }
  return median(figures);
}

async function secondsSpent(client: Redis): Promise<number> {
  const info = await client.info('cpu');
  const seconds = [...info.matchAll(/^used_cpu_(?:sys|user)_main_thread:([\d.]+)/gm)];
  return seconds.reduce((sum, [, text]) => sum + Number(text), 0);
}

/** Bytes for each connection that is open and idle. */
async function memoryOfConnections(url: string, client: Redis): Promise<number> {
  const used = async () => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  const before = await used();
  const open = Array.from({ length: CONNECTIONS }, () => connect(url));
  try {
    await Promise.all(open.map((each) => each.flight((redis) => [redis.ping()])));
    return ((await used()) - before) / CONNECTIONS;
  } finally {
    for (const each of open) each.close();
  }
}
