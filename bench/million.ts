import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Credential, SessionStore } from '../src/lib/session/session-store.ts';
import { plainClient } from '../test/support/session-backend.ts';
import { type BenchRedis, connect, startRedis } from './bench-engines.ts';
import { addSessions } from './bulk-load.ts';
import { markdownTable, withSection } from './markdown.ts';
import { millionPlot } from './million-plot.ts';
import { pinApart } from './pinning.ts';
import { startSession } from './signed-in-user.ts';
import { median, percentile } from './statistics.ts';

/** How many sessions the second Redis holds when it is measured; the first one keeps as many as this begins with. */
const STEPS = [1_000, 10_000, 100_000, 1_000_000] as const;
const SESSIONS_A_USER = 10;
/** A figure is the median of so many rounds, so that what comes between some of them is not seen. */
const ROUNDS = 30;
const WARM_UP = 2;
/** Restores of each Redis in a round. */
const REQUESTS_A_ROUND = 500;
/** Sessions that these restores choose from. */
const SAMPLE = 10_000;
/** Seconds. */
const TTL = 86_400;

const ROOT = join(__dirname, '..');

/** Of the whole restore flight, microseconds. */
interface Times {
  readonly median: number;
  readonly p99: number;
}

/** What one step came to. */
export interface Step extends Times {
  readonly sessions: number;
  /** Of the Redis with few sessions, measured in turn with the other. */
  readonly few: Times;
  /** To that Redis. Each is the median of the rounds' own ratios. */
  readonly ratios: Times;
  /** What Redis uses for sessions and indexes, bytes. */
  readonly memory: number;
}

/**
 * What one million live sessions of 100,000 users cost: in time, beside a Redis with a thousand that is asked in turn,
 * and in memory.
 * @param write whether the plot and the table of the README are made of it
 */
export async function million(write: boolean): Promise<string> {
  const [few, many] = await Promise.all([startRedis(), startRedis()]);
  const pinning = pinApart([few.engine.pid, many.engine.pid]);
  try {
    const steps = await measureSteps(few, many);
    const section = report(steps, many.name);
    if (write) {
      writeFileSync(join(ROOT, 'docs', 'million-sessions.svg'), millionPlot(steps));
      const readme = join(ROOT, 'README.md');
      writeFileSync(readme, withSection(readFileSync(readme, 'utf8'), 'figures of scale', section));
    }
    return `Restore beside many sessions, medians of ${ROUNDS} rounds of ${REQUESTS_A_ROUND} requests (${pinning.note})\n\n${section}`;
  } finally {
    pinning.release();
    await Promise.all([few.engine.dispose(), many.engine.dispose()]);
  }
}

async function measureSteps(few: BenchRedis, many: BenchRedis): Promise<Step[]> {
  const connection = connect(many.engine.url);
  const { wire } = await startSession(connection).finally(() => connection.close());
  const fill = (redis: BenchRedis, sessions: number) =>
    addSessions(redis.engine.port, {
      sessions,
      users: sessions / SESSIONS_A_USER,
      wire,
      ttlMs: TTL * 1000,
      sample: SAMPLE,
    });
  const empty = await usedMemory(many);
  const fewTokens = asMany(await fill(few, STEPS[0]));
  let manyTokens: Credential[] = [];
  let there = 0;
  const steps: Step[] = [];
  for (const sessions of STEPS) {
    manyTokens = mix(manyTokens, await fill(many, sessions - there), there / sessions);
    there = sessions;
    const memory = (await usedMemory(many)) - empty;
    const [inFew, inMany] = await inTurn([restorer(few, fewTokens), restorer(many, manyTokens)]);
    const ratios = middle(
      inMany.map((times, round) => ({
        median: times.median / (inFew[round]?.median ?? Number.NaN),
        p99: times.p99 / (inFew[round]?.p99 ?? Number.NaN),
      })),
    );
    steps.push({ sessions, ...middle(inMany), few: middle(inFew), ratios, memory });
  }
  return steps;
}

/** Copies, so that this process has as many different strings to reach for as with the other Redis. */
function asMany(tokens: readonly Credential[]): Credential[] {
  return Array.from({ length: SAMPLE }, (_, number) =>
    structuredClone(tokens[number % tokens.length] as Credential),
  );
}

/** A sample of all, from one of those that were there and one of those that came. */
function mix(old: Credential[], added: Credential[], shareOfOld: number): Credential[] {
  const kept = old.slice(0, Math.round(SAMPLE * shareOfOld));
  return [...kept, ...added.slice(0, SAMPLE - kept.length)];
}

interface Restorer {
  /** Restores a session by chance and says how long it took, microseconds. */
  restore(): Promise<number>;
  close(): void;
}

function restorer({ engine }: BenchRedis, tokens: readonly Credential[]): Restorer {
  const connection = connect(engine.url);
  const store = new SessionStore(connection);
  return {
    restore: async () => {
      const credential = tokens[Math.floor(Math.random() * tokens.length)] as Credential;
      const start = performance.now();
      const restored = await store.restore(credential, TTL, new Date());
      const took = (performance.now() - start) * 1000;
      if (!('session' in restored)) throw new Error(`a session is ${restored.ended}`);
      return took;
    },
    close: () => connection.close(),
  };
}

/** Round by round; one request here, one there, so that whatever slows the machine slows both. */
async function inTurn(restorers: readonly [Restorer, Restorer]): Promise<[Times[], Times[]]> {
  try {
    const rounds: [Times[], Times[]] = [[], []];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const times: [number[], number[]] = [[], []];
      for (let request = 0; request < REQUESTS_A_ROUND; request++) {
        for (const each of [0, 1] as const) times[each].push(await restorers[each].restore());
      }
      if (round < 0) continue;
      for (const each of [0, 1] as const) rounds[each].push(timesOf(times[each]));
    }
    return rounds;
  } finally {
    for (const each of restorers) each.close();
  }
}

function timesOf(figures: readonly number[]): Times {
  return { median: median(figures), p99: percentile(figures, 0.99) };
}

function middle(rounds: readonly Times[]): Times {
  return { median: median(rounds.map((each) => each.median)), p99: median(rounds.map((each) => each.p99)) };
}

async function usedMemory({ engine }: BenchRedis): Promise<number> {
  const client = plainClient(engine.url);
  try {
    return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  } finally {
    client.disconnect();
  }
}

function report(steps: readonly Step[], name: string): string {
  const rows = steps.map(({ sessions, median, p99, ratios, memory }) => [
    sessions.toLocaleString('en'),
    `${median.toFixed(0)} µs`,
    ratios.median.toFixed(2),
    `${p99.toFixed(0)} µs`,
    ratios.p99.toFixed(2),
    `${(memory / 1e6).toFixed(1)} MB`,
  ]);
  const head = ['Live sessions', 'Median', 'ratio', '99th percentile', 'ratio', 'Memory'];
  const last = steps.at(-1);
  const each = last ? Math.round(last.memory / last.sessions) : Number.NaN;
  return `${markdownTable(head, rows)}

The ratios are to a second Redis with 1,000 sessions, which was asked in turn with the first. One million sessions of
100,000 users cost ${((last?.memory ?? 0) / 1e6).toFixed(0)} MB of Redis' memory: ${each} bytes each, with their share of the indexes and of Redis' own
tables. ${name}, Node ${process.version.slice(1)}, both on one machine.`;
}
