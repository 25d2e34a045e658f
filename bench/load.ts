import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { sampleSession } from '../test/support/sample-session.ts';
import { connect, startRedis } from './bench-engines.ts';
import { addSessions } from './bulk-load.ts';
import type { LoadOrder, LoadOutcome } from './load-process.ts';
import { percentile } from './statistics.ts';
import { table } from './table.ts';

const SESSIONS = 500;
const USERS = 50;
const WORKERS = 20;
/** So short that what is not kept alive has ended long before the end. Seconds. */
const TTL = 3;
/** The last call of a process, and its end, may take so much longer. Seconds. */
const PATIENCE = 30;

/** The bounds of a load test. */
export interface LoadBounds {
  readonly processes: number;
  readonly seconds: number;
}

/** What a load test came to. */
export interface LoadResult {
  readonly calls: number;
  /** Calls a second. */
  readonly rate: number;
  /** Microseconds. */
  readonly times: {
    readonly median: number;
    readonly p95: number;
    readonly p99: number;
    readonly most: number;
  };
  /** Calls that failed, by the reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Sessions that were not there in the end, or not in the list of their user. */
  readonly lost: number;
}

/** A minute of 20 workers that keep 500 sessions alive. */
export async function load(): Promise<string> {
  const bounds = { processes: 2, seconds: 60 };
  const { engine, name } = await startRedis();
  try {
    const { rate, calls, times, failures, lost } = await runLoad(engine.port, bounds);
    const rows = [
      ['calls', calls.toLocaleString('en')],
      ['calls a second', rate.toFixed(0)],
      ['median, µs', times.median.toFixed(0)],
      ['95th percentile, µs', times.p95.toFixed(0)],
      ['99th percentile, µs', times.p99.toFixed(0)],
      ['longest, µs', times.most.toFixed(0)],
      ['failed', JSON.stringify(failures)],
      ['sessions lost', String(lost)],
    ];
    const what = `${SESSIONS} sessions of ${TTL} s kept alive by ${WORKERS} workers in ${bounds.processes} processes for ${bounds.seconds} s`;
    return `${what} (${name})\n\n${table(['', ''], rows)}`;
  } finally {
    await engine.dispose();
  }
}

/** Starts sessions that live for three seconds, and has workers restore them, each its own in turn, without a pause. */
export async function runLoad(port: number, { processes, seconds }: LoadBounds): Promise<LoadResult> {
  const url = `redis://127.0.0.1:${port}`;
  const children = Array.from({ length: processes }, startProcess);
  try {
    await Promise.all(children.map((child) => once(child, 'spawn')));
    // Those of the processes' own start too: it takes long where the machine is busy.
    const startTtl = (TTL + PATIENCE) * 1000;
    const load = {
      sessions: SESSIONS,
      users: USERS,
      wire: sampleSession(),
      ttlMs: startTtl,
      sample: SESSIONS,
    };
    const shares = deal(await addSessions(port, load), WORKERS);
    const orders = deal(shares, processes).map((own) => ({ url, shares: own, seconds, ttl: TTL }));
    const outcomes = await Promise.all(children.map((child, at) => outcomeOf(child, orders[at])));
    const lost = SESSIONS - (await countListed(url));
    return { ...summary(outcomes, seconds), lost };
  } finally {
    for (const child of children) child.kill();
  }
}

function startProcess(): ChildProcess {
  return fork(join(__dirname, 'load-process.ts'), {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  });
}

async function outcomeOf(child: ChildProcess, order: LoadOrder | undefined): Promise<LoadOutcome> {
  if (!order) throw new Error('more processes than workers');
  const signal = AbortSignal.timeout((order.seconds + PATIENCE) * 1000);
  const outcome = once(child, 'message', { signal });
  const end = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('a process has ended')));
  child.send(order);
  const [message] = await Promise.race([outcome, end]);
  end.catch(() => {}); // it may end now
  return message;
}

/** How many sessions are in the lists of all users. */
async function countListed(url: string): Promise<number> {
  const connection = connect(url);
  try {
    const store = new SessionStore(connection);
    let count = 0;
    for (let userId = 1; userId <= USERS; userId++) count += (await store.list(userId)).sessions.length;
    return count;
  } finally {
    connection.close();
  }
}

function summary(outcomes: readonly LoadOutcome[], seconds: number): Omit<LoadResult, 'lost'> {
  const all = outcomes.flatMap(({ times }) => [...times]);
  const failures: Record<string, number> = {};
  for (const [reason, count] of outcomes.flatMap((outcome) => Object.entries(outcome.failures))) {
    failures[reason] = (failures[reason] ?? 0) + count;
  }
  return {
    calls: all.length,
    rate: all.length / seconds,
    times: {
      median: percentile(all, 0.5),
      p95: percentile(all, 0.95),
      p99: percentile(all, 0.99),
      most: percentile(all, 1),
    },
    failures,
  };
}

/** Deals things out, one to each in turn. */
function deal<T>(things: readonly T[], hands: number): T[][] {
  return Array.from({ length: hands }, (_, hand) => things.filter((_, at) => at % hands === hand));
}
