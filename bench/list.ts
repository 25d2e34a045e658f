import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { type FlightProxy, startProxy } from '../test/support/flight-proxy.ts';
import { sampleSession } from '../test/support/sample-session.ts';
import { plainClient } from '../test/support/session-backend.ts';
import { type BenchRedis, startRedis } from './bench-engines.ts';
import { addSessions } from './bulk-load.ts';
import { type Cost, costOf } from './peak-memory.ts';
import { signedInUser } from './signed-in-user.ts';
import { table } from './table.ts';

const BINARY = join(__dirname, '..', 'bin', 'run.js');
const SESSIONS = 10_000;
/** Tokens of sessions that have expired, where there are any. */
const DEAD = 1_000;
/** Seconds. */
const TTL = 3600;

interface Subject {
  readonly name: string;
  readonly args: readonly string[];
  readonly dead?: number;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'whoami, to compare', args: ['whoami'] },
  { name: 'sessions list', args: ['sessions', 'list'] },
  { name: 'sessions list --json', args: ['sessions', 'list', '--json'] },
  {
    name: `sessions list, ${DEAD.toLocaleString('en')} more dead`,
    args: ['sessions', 'list'],
    dead: DEAD,
  },
  { name: 'sessions revoke-all', args: ['sessions', 'revoke-all', '--yes'] },
];

/** What the list of a user with very many sessions costs, and the end of all of these. */
export async function list(): Promise<string> {
  const redis = await startRedis();
  // Ten thousand replies take a command long to read: it is silent meanwhile, and sends nothing new.
  const proxy = await startProxy(redis.engine.url, { settleMs: 200 });
  try {
    const rows: string[][] = [];
    for (const subject of SUBJECTS) rows.push(await measure(subject, redis, proxy));
    const head = ['', 'flights', 'ms', 'MB at most'];
    return `A user with ${SESSIONS.toLocaleString('en')} sessions (${redis.name})\n\n${table(head, rows)}`;
  } finally {
    await proxy.close();
    await redis.engine.dispose();
  }
}

/** Runs a command twice: by way of the proxy, where its flights are counted, and without, where it is timed. */
async function measure(subject: Subject, redis: BenchRedis, proxy: FlightProxy): Promise<string[]> {
  await proxy.reset();
  await run(subject, redis, proxy.url);
  const { milliseconds, peakMemory } = await run(subject, redis, redis.engine.url);
  return [subject.name, String(proxy.flights), milliseconds.toFixed(0), (peakMemory / 1e6).toFixed(0)];
}

async function run({ args, dead = 0 }: Subject, { engine }: BenchRedis, url: string): Promise<Cost> {
  const client = plainClient(engine.url);
  const user = await signedInUser(engine.url, url);
  try {
    const wire = sampleSession({
      device: 'laptop linux airbnb/0.1.0 tty',
      ip: '203.0.113.7',
      ip_source: 'ssh',
    });
    const load = { users: 1, wire, ttlMs: TTL * 1000, sample: dead + 1 };
    const added = await addSessions(engine.port, { ...load, sessions: SESSIONS + dead - 1 });
    await expire(
      client,
      added.slice(0, dead).map(({ token }) => token),
    );
    return await costOf([BINARY, ...args], user.env);
  } finally {
    await client.flushdb();
    client.disconnect();
    await user.remove();
  }
}

/** Removes sessions as their lifetime does, which leaves their tokens in the index. */
async function expire(client: Redis, tokens: readonly string[]): Promise<void> {
  await Promise.all(tokens.map((token) => client.del(`session:${token}`)));
}
