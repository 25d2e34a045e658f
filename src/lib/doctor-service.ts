import { postgresServerName } from './connections/postgres-address.ts';
import { redisServerName } from './connections/redis-address.ts';
import type { Context, Place } from './context.ts';
import { AppError, type EngineName, type ErrorParams } from './errors.ts';
import type { LocalStatus } from './local/local-engines.ts';
import type { HeldSession } from './session/current-session.ts';
import { openSecretsFile, unknownSettings } from './settings-review.ts';

/** What `doctor` looks at, in this order. */
const CHECKS = ['configuration', 'redis', 'postgres', 'migrations', 'token_file', 'clock'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Facts that a check found, for whoever shows them; names and numbers, never a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** Why a check was left out: there is nothing to look at, nobody to ask, or a fault that was met before. */
export type SkipReason = 'embedded' | 'engine_fault' | 'same_fault';

/** What should be mended and keeps no command from working. That of a session is why it is no more. */
export type Warning =
  | { readonly reason: 'clock_off'; readonly params: ErrorParams }
  | { readonly reason: 'env_file_open'; readonly params: { readonly path: string } }
  | {
      readonly reason: 'unknown_setting';
      readonly params: { readonly setting: string; readonly nearest?: string };
    }
  | AppError;

export type CheckResult = {
  readonly name: CheckName;
  /** What was found; of a fault, what was known when it was met. */
  readonly facts: Facts;
} & (
  | { readonly status: 'ok' }
  | { readonly status: 'warning'; readonly warnings: readonly Warning[] }
  | { readonly status: 'skipped'; readonly why: SkipReason }
  | { readonly status: 'fault'; readonly error: unknown }
);

/** What a check gathers as it goes on. */
interface Findings {
  readonly facts: Record<string, string | number | boolean | null>;
  readonly warnings: Warning[];
}

/** Looks at one thing. What it returns is why there is nothing to look at. */
type Check = (found: Findings) => Promise<SkipReason | undefined>;

/** A difference of clocks that people notice in the times that are shown. Milliseconds. */
const CLOCK_TOLERANCE = 5_000;

/** Reasons for which a session is no more. `other_server` is one where it was a stand-in's. */
const GONE = new Set(['expired', 'revoked', 'corrupt', 'other_server']);

/**
 * Looks at everything that a command needs, one after the other, and goes on after a fault. Starts no engine and
 * refreshes no session.
 */
export class DoctorService {
  readonly #context: Context;
  /** Set while Redis answers. */
  #clock: { readonly server: number; readonly here: number } | undefined;
  #redisIsAway = false;
  #databaseAnswers = false;
  readonly #embedded = new Set<EngineName>();

  constructor(context: Context) {
    this.#context = context;
  }

  async *run(): AsyncGenerator<CheckResult> {
    const checks: Record<CheckName, Check> = {
      configuration: async (found) => this.#configuration(found),
      redis: (found) => this.#redis(found),
      postgres: (found) => this.#postgres(found),
      migrations: (found) => this.#migrations(found),
      token_file: (found) => this.#tokenFile(found),
      clock: async (found) => this.#clockDifference(found),
    };
    const said: unknown[] = [];
    for (const name of CHECKS) {
      const result = await judge(name, checks[name]);
      if (result.status !== 'fault') {
        yield result;
      } else if (said.some((earlier) => isSameFault(result.error, earlier))) {
        // A bad setting is met by several checks, and said once.
        yield { name, status: 'skipped', facts: {}, why: 'same_fault' };
      } else {
        said.push(result.error);
        yield result;
      }
    }
  }

  #configuration({ facts, warnings }: Findings): undefined {
    const { config } = this.#context;
    facts.env_file = config.settings.envFile ?? null;
    config.validate();
    const { ttl, maxAge } = config.lifetime;
    Object.assign(facts, {
      session_ttl: ttl,
      session_max_age: maxAge ?? null,
      strict: this.#context.isStrict,
    });
    const path = openSecretsFile(config.settings);
    if (path !== undefined) warnings.push({ reason: 'env_file_open', params: { path } });
    for (const params of unknownSettings(config.settings)) {
      warnings.push({ reason: 'unknown_setting', params });
    }
  }

  async #redis({ facts }: Findings): Promise<undefined> {
    const { config } = this.#context;
    config.settings.refuseEmpty(isOfRedis);
    const address = config.redis;
    if (!address) {
      this.#context.refuseEmbedded('REDIS_URL');
      this.#embedded.add('redis');
      const engines = await this.#context.localEngines();
      const status = await engines.status();
      Object.assign(facts, embeddedFacts(status));
      if (status.running) await engines.assertAnswering();
      return;
    }
    facts.server = redisServerName(address);
    const { sessions } = await this.#context.configuredBackend();
    const before = Date.now();
    const found = await sessions.facts().catch(async (error) => {
      this.#redisIsAway = error instanceof AppError && error.reason === 'unreachable';
      throw await this.#context.explain(error);
    });
    this.#clock = { server: found.now, here: (before + Date.now()) / 2 };
    facts.version = found.valkeyVersion ?? found.redisVersion ?? null;
    facts.address = found.address;
  }

  async #postgres({ facts }: Findings): Promise<undefined> {
    const { config } = this.#context;
    config.settings.refuseEmpty((name) => name === 'DATABASE_URL' || name === 'PGHOST');
    const address = config.postgres;
    if (!address) {
      if (config.redis) throw new AppError('accounts_not_configured');
      this.#context.refuseEmbedded('DATABASE_URL');
      this.#embedded.add('postgres');
      Object.assign(facts, embeddedFacts(await (await this.#context.localEngines()).status()));
      return;
    }
    facts.server = postgresServerName(address);
    const database = await this.#context.database();
    const { version } = await database.facts();
    this.#databaseAnswers = true;
    facts.version = version;
    facts.tls = address.sslMode;
  }

  async #migrations({ facts }: Findings): Promise<SkipReason | undefined> {
    if (!this.#databaseAnswers) return this.#whyNotAsked('postgres');
    const { applied, pending } = await (await this.#context.database()).status();
    facts.applied = applied.length;
    facts.pending = pending.length;
    if (pending.length > 0) throw new AppError('migrations_pending', { count: pending.length });
    return undefined;
  }

  /** Looks at the session too, where whoever has it answers; that there is none is no fault of the installation. */
  async #tokenFile({ facts, warnings }: Findings): Promise<undefined> {
    const { path } = this.#context.sessionFile;
    facts.path = path;
    facts.signed_in = false;
    let held: HeldSession;
    try {
      held = this.#context.findHeld();
    } catch (error) {
      if (!(error instanceof AppError) || error.reason !== 'never') throw error;
      return;
    }
    this.#context.config.settings.refuseEmpty(isOfRedis);
    const place = await this.#context.placeOf(held);
    const { source, server = null } = held;
    Object.assign(facts, { source, server, degraded: place.kind === 'stand_in', session: null });
    try {
      facts.signed_in = null;
      if (!(await this.#canAsk(place))) return;
      const { sessions } = await this.#context.backendAt(place);
      const { expiresInMs } = await sessions.look(held);
      const left = expiresInMs < 0 ? null : Math.max(1, Math.ceil(expiresInMs / 1000));
      Object.assign(facts, { signed_in: true, session: 'live', expires_in: left });
    } catch (error) {
      if (!(error instanceof AppError) || !GONE.has(error.reason)) throw await this.#context.explain(error);
      Object.assign(facts, { signed_in: false, session: error.reason });
      warnings.push(new AppError(error.reason, { ...error.params, source }));
    }
  }

  /**
   * Whether the keeper of a session can be asked for it.
   * @throws AppError `other_server` for a session of a stand-in whose Redis is back, as every command would
   */
  async #canAsk(place: Place): Promise<boolean> {
    if (place.kind === 'embedded') return true;
    if (place.kind === 'configured') return this.#clock !== undefined;
    if (this.#clock) {
      const { server } = await this.#context.configuredBackend();
      throw new AppError('other_server', { server, isBack: 1 });
    }
    return this.#redisIsAway && !this.#context.isStrict;
  }

  #whyNotAsked(engine: EngineName): SkipReason {
    return this.#embedded.has(engine) ? 'embedded' : 'engine_fault';
  }

  #clockDifference({ facts, warnings }: Findings): SkipReason | undefined {
    if (!this.#clock) return this.#whyNotAsked('redis');
    const difference = Math.round(this.#clock.server - this.#clock.here);
    facts.difference_ms = difference;
    if (Math.abs(difference) > CLOCK_TOLERANCE) warnings.push({ reason: 'clock_off', params: {} });
    return undefined;
  }
}

async function judge(name: CheckName, check: Check): Promise<CheckResult> {
  const found: Findings = { facts: {}, warnings: [] };
  const { facts, warnings } = found;
  try {
    const why = await check(found);
    if (why !== undefined) return { name, status: 'skipped', facts, why };
    return warnings.length > 0 ? { name, status: 'warning', facts, warnings } : { name, status: 'ok', facts };
  } catch (error) {
    return { name, status: 'fault', facts, error };
  }
}

function isSameFault(a: unknown, b: unknown): boolean {
  return (
    a instanceof AppError &&
    b instanceof AppError &&
    a.reason === b.reason &&
    a.params.engine === b.params.engine &&
    (a.params.setting === b.params.setting || (a.params.both === 1 && b.params.both === 1))
  );
}

const isOfRedis = (name: string) => name.startsWith('REDIS_');

function embeddedFacts({ running, folder }: LocalStatus): Facts {
  return { embedded: true, running, folder };
}
