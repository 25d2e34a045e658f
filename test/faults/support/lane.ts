import { expect } from 'chai';
import type { Result } from '../../support/cli.ts';
import type { EngineProcess } from '../../support/engines/engine-process.ts';
import { engines } from '../../support/engines.ts';
import { type FlightProxy, type Message, startProxy } from '../../support/flight-proxy.ts';
import { migrate } from '../../support/migrate.ts';
import { openSessions, type SessionBackend } from '../../support/session-backend.ts';
import { readTokenFile } from '../../support/token-file.ts';
import { type Fault, type FaultyEngine, timeLimit } from './faults.ts';
import {
  expectClearFailure,
  expectNoSecret,
  expectSoundSessions,
  isLive,
  tokenHeldBy,
} from './invariants.ts';
import { type SessionName, type Stage, setStage } from './stage.ts';
import type { Attempt, TestedCommand } from './tested-commands.ts';

/** A run without a fault, to which others are compared. */
export interface HealthyRun {
  readonly messages: readonly Message[];
  readonly flights: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** One fault, at one message boundary of one command. */
export interface Trial {
  readonly command: TestedCommand;
  readonly fault: Fault;
  /** How many messages have passed before it. */
  readonly after: number;
  readonly healthy: HealthyRun;
}

/** How long the start of a stand-in may take, in milliseconds, where all lanes start one. */
const STAND_IN_START = 5_000;

/**
 * Engines of its own, of which one is behind a proxy and fails. Trials in one lane go one after the other; those in
 * different lanes do not meet.
 */
export class Lane {
  readonly #faulty: FaultyEngine;
  readonly #redis: EngineProcess;
  readonly #postgres: EngineProcess | undefined;
  readonly #proxy: FlightProxy;
  #inflicting: Promise<void> | undefined;

  private constructor(
    faulty: FaultyEngine,
    redis: EngineProcess,
    postgres: EngineProcess | undefined,
    proxy: FlightProxy,
  ) {
    this.#faulty = faulty;
    this.#redis = redis;
    this.#postgres = postgres;
    this.#proxy = proxy;
  }

  static async open(faulty: FaultyEngine): Promise<Lane> {
    const redis = await engines.ownRedis({ durable: true });
    const postgres = faulty === 'postgres' ? await engines.ownPostgres() : undefined;
    if (postgres) await migrate(postgres.url);
    return new Lane(faulty, redis, postgres, await startProxy((postgres ?? redis).url));
  }

  async close(): Promise<void> {
    await this.#proxy.close();
    await Promise.all([this.#redis.dispose(), this.#postgres?.dispose()]);
  }

  /** A run in which nothing fails. */
  async healthyRun(command: TestedCommand): Promise<HealthyRun> {
    let run: HealthyRun | undefined;
    await this.#onStage(async (stage) => {
      await this.#proxy.reset();
      const { result, duration } = await timed(stage, command.run(stage), false);
      expect(result.code, `${command.name}: ${result.stdout}${result.stderr}`).to.equal(0);
      run = { messages: [...this.#proxy.messages], flights: this.#proxy.flights, duration };
    });
    return run as HealthyRun;
  }

  /** @throws what does not hold, with the place at which it does not */
  async try(trial: Trial): Promise<void> {
    try {
      await this.#onStage((stage, backend) => this.#tryOn(stage, backend, trial));
    } catch (error) {
      (error as Error).message = `${placeOf(trial)}: ${(error as Error).message}`;
      throw error;
    } finally {
      await this.#mend();
    }
  }

  async #tryOn(stage: Stage, backend: SessionBackend, { command, fault, after, healthy }: Trial) {
    const { messages } = healthy;
    const needed = messages.slice(0, messages.length - (command.dispensable ?? 0));
    const repliesLeft = needed.slice(after).filter(({ from }) => from === 'server').length;
    let inflicting = 0;
    const { act, next } = fault.at({ engine: this.#engine, proxy: this.#proxy });
    this.#proxy.interruptAfter(after, {
      act: () => {
        const begin = performance.now();
        this.#inflicting = Promise.resolve(act?.()).then(() => {
          inflicting = performance.now() - begin;
        });
        return this.#inflicting;
      },
      next,
    });
    // Words and documents in turn.
    const first = await timed(stage, command.run(stage), after % 2 === 1);
    await this.#mend();

    const { result } = first;
    // Where TLS is turned down the client goes on by a second connection, whatever happens to the first.
    const isLeft = after > 0 && messages[after]?.name === 'startup';
    const isDone = fault.isSurvived || repliesLeft === 0 || (isLeft && result.code === 0);
    const standsIn = !isDone && command.mayStandIn === true && result.code === 0;
    expect(result.code, result.stdout + result.stderr).to.equal(isDone || standsIn ? 0 : 69);
    if (result.code !== 0 && !command.reports) expectClearFailure(result, this.#faulty);
    if (standsIn) expect((await readTokenFile(stage.user)).server).to.match(/^embedded:/);
    const isMemoryKept = this.#faulty !== 'redis' || !fault.losesMemory || engines.kind === 'servers';
    await this.#expectSound(stage, backend, command, result, isMemoryKept, standsIn);

    const second = isDone ? first : await this.#again(stage, backend, command, isMemoryKept);
    const limit = timeLimit(fault, this.#faulty, {
      healthy: Math.max(healthy.duration, second.duration),
      flights: healthy.flights,
      inflicting: inflicting + (standsIn ? STAND_IN_START : 0),
    });
    if (!isDone) expect(first.duration, 'milliseconds').to.be.below(limit);
  }

  /** What has to hold whatever happened, with the engine back. */
  async #expectSound(
    stage: Stage,
    backend: SessionBackend,
    { ends = [], startsSession, signsOut }: TestedCommand,
    result: Result,
    isMemoryKept: boolean,
    standsIn = false,
  ) {
    const isDone = result.code === 0;
    const tokens = await expectSoundSessions(backend);
    const ours = [...Object.values(stage.sessions), stage.ended, stage.stranger];
    expectNoSecret(result, [...tokens, ...ours.map(({ token }) => token)]);

    expect(await isLive(backend, stage.ended), 'whether what had been ended before is back').to.equal(false);
    if (isMemoryKept) {
      expect(await isLive(backend, stage.stranger), 'whether the session of a stranger lives').to.equal(true);
      for (const [name, session] of Object.entries(stage.sessions)) {
        const mayEnd = ends.includes(name as SessionName);
        if (mayEnd && !isDone) continue;
        expect(await isLive(backend, session), `whether the ${name} session lives`).to.equal(!mayEnd);
      }
    }

    const held = await tokenHeldBy(stage);
    const { current } = stage.sessions;
    if (isDone && signsOut) expect(held).to.equal(undefined);
    else if (!isDone || !startsSession)
      expect(held === current.token, 'whether the token is kept').to.equal(true);
    else {
      expect(held === current.token, 'whether the token is the old one').to.equal(false);
      if (isMemoryKept && !standsIn) expect(tokens, 'the sessions').to.include(held);
    }
  }

  /** The user tries again, with the engine back: now it works, or it was done before. */
  async #again(stage: Stage, backend: SessionBackend, command: TestedCommand, isMemoryKept: boolean) {
    const attempts = command.again?.(stage) ?? [command.run(stage)];
    const acceptable = [0, ...(command.acceptable ?? []), ...(isMemoryKept ? [] : [4])];
    let run = await timed(stage, attempts[0] as Attempt, false);
    for (const attempt of attempts.slice(1)) {
      if (run.result.code !== 0) run = await timed(stage, attempt, false);
    }
    expect(acceptable, `the second run: ${run.result.stdout}${run.result.stderr}`).to.include(
      run.result.code,
    );
    await expectSoundSessions(backend);
    for (const name of command.ends ?? []) {
      expect(await isLive(backend, stage.sessions[name]), `whether the ${name} session lives`).to.equal(
        false,
      );
    }
    return run;
  }

  get #engine(): EngineProcess {
    return this.#postgres ?? this.#redis;
  }

  async #mend(): Promise<void> {
    // What is still to happen to a connection happens to it no more.
    await this.#proxy.close();
    await this.#inflicting;
    await this.#proxy.reset();
    if (this.#engine.running) await this.#engine.thaw();
    await this.#engine.start();
  }

  async #onStage(act: (stage: Stage, backend: SessionBackend) => Promise<void>): Promise<void> {
    const backend = openSessions({ url: this.#redis.url, ttl: 90 });
    const accountsUrl = this.#postgres?.url ?? engines.databaseUrl;
    const stage = await setStage({
      redisUrl: this.#postgres ? this.#redis.url : this.#proxy.url,
      databaseUrl: this.#postgres ? this.#proxy.url : engines.databaseUrl,
      backend,
      accountsUrl,
    });
    backend.close();
    // A killed engine takes its connections along: what looks at it afterwards makes its own.
    const observer = openSessions({ url: this.#redis.url, ttl: 90 });
    try {
      await act(stage, observer);
    } finally {
      observer.close();
      await stage.user.dispose();
    }
  }
}

async function timed({ user }: Stage, { args, input }: Attempt, asJson: boolean) {
  const begin = performance.now();
  const result = await user.run([...args, ...(asJson ? ['--json'] : [])], {
    timeoutMs: 30_000,
    ...(input === undefined ? {} : { input }),
  });
  return { result, duration: performance.now() - begin };
}

function placeOf({ command, fault, after, healthy: { messages } }: Trial): string {
  const last = messages[after - 1];
  const what = last === undefined ? 'connecting' : last.from === 'client' ? last.name : 'a reply';
  return `${command.name}: it ${fault.name} after message ${after} of ${messages.length} (${what})`;
}
