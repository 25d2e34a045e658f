import type { Redis } from 'ioredis';
import type { RedisConnection } from '../src/lib/connections/redis.ts';
import { RESTORE_SCRIPT } from '../src/lib/session/restore-script.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { toWireTime } from '../src/lib/session/wire-time.ts';
import { connect, startRedis } from './bench-redis.ts';
import { startSession } from './signed-in-user.ts';
import { measureInTurn, median } from './statistics.ts';
import { table } from './table.ts';

const ROUNDS = 25;
const WARM_UP = 10;
/** One after the other, the next sent when the last has been answered. */
const REQUESTS_A_ROUND = 200;
const TTL = 3600;

/** How the flight that restores a session compares with a plain GET of it on the same connection. */
export async function restoreRate(): Promise<string> {
  const { engine, name } = await startRedis();
  const connection = connect(engine.url);
  try {
    const { token, mark, wire } = await startSession(engine.url);
    const store = new SessionStore(connection);
    const redis = await clientOf(connection);
    const key = `session:${token}`;
    const credential = { token, mark, userId: wire.user_id };
    const subjects = {
      'plain GET': () => medianTime(() => redis.get(key)),
      'GET by our connection': () => medianTime(() => connection.flight((client) => [client.get(key)])),
      'restore script alone': () =>
        medianTime(() => redis.eval(RESTORE_SCRIPT, 1, key, toWireTime(new Date()), TTL * 1000)),
      'whole restore flight': () => medianTime(() => store.restore(credential, TTL, new Date())),
    };
    await measureInTurn(WARM_UP, subjects);
    const measured = await measureInTurn(ROUNDS, subjects);
    const rows = [...measured].map(([what, { median: ms, ratio }]) => [
      what,
      (ms * 1000).toFixed(0),
      (1000 / ms).toFixed(0),
      (1 / ratio).toFixed(2),
    ]);
    const count = (ROUNDS * REQUESTS_A_ROUND).toLocaleString('en');
    const head = ['', 'µs', 'a second', 'of GET'];
    return `Restore, sequential medians of ${count} requests (${name})\n\n${table(head, rows)}`;
  } finally {
    connection.close();
    await engine.dispose();
  }
}

/** The bare client beneath a connection, so that the GET bears none of our own work. */
async function clientOf(connection: RedisConnection): Promise<Redis> {
  let client: Redis | undefined;
  await connection.flight((redis) => {
    client = redis;
    return [redis.ping()];
  });
  if (!client) throw new Error('no client');
  return client;
}

async function medianTime(request: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < REQUESTS_A_ROUND; count++) {
    const start = performance.now();
    await request();
    times.push(performance.now() - start);
  }
  return median(times);
}
