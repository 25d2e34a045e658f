import type { Config } from './config.ts';
import { redisServerName } from './connections/redis-address.ts';
import type { Context } from './context.ts';
import { AppError } from './errors.ts';
import type { LocalStatus } from './local/local-engines.ts';
import type { SettingSource } from './settings.ts';

/** What `doctor` looks at, in this order. */
const CHECKS = ['configuration', 'redis', 'postgres', 'migrations', 'token_file', 'clock'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Facts that a check found, for whoever shows them; names and numbers, never a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

export type CheckResult =
  | { readonly name: CheckName; readonly status: 'ok' | 'warning' | 'skipped'; readonly facts: Facts }
  | { readonly name: CheckName; readonly status: 'fault'; readonly error: unknown };

/** A difference of clocks that people notice in the times that are shown. Milliseconds. */
const CLOCK_TOLERANCE = 5_000;

/** Settings whose value is shown as it is: none of them can hold a secret. */
const SHOWN_SETTINGS = [
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_DB',
  'REDIS_TLS_CA',
  'REDIS_MASTER_NAME',
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGDATABASE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'AIRBNB_SESSION_TTL',
  'AIRBNB_SESSION_MAX_AGE',
  'AIRBNB_SESSION_FILE',
  'AIRBNB_STRICT',
  'AIRBNB_NO_INPUT',
  'AIRBNB_LOCAL_IDLE',
  'AIRBNB_LANG',
  'AIRBNB_TRACE',
] as const;

/** Settings of which only the fact that they are set is shown: they hold a secret, or may do so by mistake. */
const HIDDEN_SETTINGS = [
  'REDIS_URL',
  'REDIS_CLUSTER',
  'REDIS_SENTINELS',
  'REDIS_USERNAME',
  'REDIS_PASSWORD',
  'DATABASE_URL',
  'PGPASSWORD',
  'AIRBNB_TOKEN',
  'AIRBNB_TOKEN_KEY',
  'AIRBNB_TOKEN_KEY_FILE',
] as const;

export interface ShownSetting {
  readonly name: string;
  /** null: it is set, and may hold a secret. */
  readonly value: string | null;
  readonly source: SettingSource;
}

/** The settings that are not at their default. */
export function shownSettings({ settings }: Config): ShownSetting[] {
  const set = (name: string) => settings.raw(name) !== undefined;
  return [
    ...SHOWN_SETTINGS.filter(set).map((name) => ({
      name,
      value: settings.raw(name) ?? null,
      source: settings.source(name),
    })),
    ...HIDDEN_SETTINGS.filter(set).map((name) => ({ name, value: null, source: settings.source(name) })),
  ];
}

/**
 * Looks at everything that a command needs, one after the other, and goes on after a fault. Starts no engine and
 * refreshes no session.
 */
export class DoctorService {
  readonly #context: Context;
  /** Set while Redis answers. */
  #clock: { readonly server: number; readonly here: number } | undefined;
  #databaseAnswers = false;

  constructor(context: Context) {
    this.#context = context;
  }

  async *run(): AsyncGenerator<CheckResult> {
    const checks: Record<CheckName, () => Promise<Facts | 'skipped'>> = {
      configuration: async () => this.#configuration(),
      redis: () => this.#redis(),
      postgres: () => this.#postgres(),
      migrations: () => this.#migrations(),
      token_file: () => this.#tokenFile(),
      clock: async () => this.#clockDifference(),
    };
    const said: unknown[] = [];
    for (const name of CHECKS) {
      const result = await judge(name, checks[name]);
      if (result.status !== 'fault') {
        yield result;
      } else if (said.some((earlier) => isSameFault(result.error, earlier))) {
        // A bad setting is met by several checks, and said once.
        yield { name, status: 'skipped', facts: {} };
      } else {
        said.push(result.error);
        yield result;
      }
    }
  }

  #configuration(): Facts {
    const { config } = this.#context;
    config.validate();
    const { ttl, maxAge } = config.lifetime;
    return {
      env_file: config.settings.envFile ?? null,
      session_ttl: ttl,
      session_max_age: maxAge ?? null,
      strict: this.#context.isStrict,
    };
  }

  async #redis(): Promise<Facts | 'skipped'> {
    const { config } = this.#context;
    const address = config.redis;
    if (!address) {
      if (this.#context.isStrict) throw new AppError('embedded_forbidden', { setting: 'REDIS_URL' });
      const engines = await this.#context.localEngines();
      const status = await engines.status();
      if (status.running) await engines.assertAnswering();
      return embeddedFacts(status);
    }
    const { sessions } = await this.#context.configuredBackend();
    const before = Date.now();
    const facts = await sessions.facts().catch(async (error) => {
      throw await this.#context.explain(error);
    });
    this.#clock = { server: facts.now, here: (before + Date.now()) / 2 };
    return {
      server: redisServerName(address),
      version: facts.valkeyVersion ?? facts.redisVersion ?? null,
      address: facts.address,
    };
  }

  async #postgres(): Promise<Facts | 'skipped'> {
    const { config } = this.#context;
    const address = config.postgres;
    if (!address) {
      if (config.redis) throw new AppError('accounts_not_configured');
      if (this.#context.isStrict) throw new AppError('embedded_forbidden', { setting: 'DATABASE_URL' });
      return embeddedFacts(await (await this.#context.localEngines()).status());
    }
    const database = await this.#context.database();
    const { version } = await database.facts();
    this.#databaseAnswers = true;
    return { server: `${address.host}:${address.port}/${address.database}`, version, tls: address.sslMode };
  }

  async #migrations(): Promise<Facts | 'skipped'> {
    if (!this.#databaseAnswers) return 'skipped';
    const { applied, pending } = await (await this.#context.database()).status();
    if (pending.length > 0) throw new AppError('migrations_pending', { count: pending.length });
    return { applied: applied.length, pending: 0 };
  }

  async #tokenFile(): Promise<Facts> {
    const { path } = this.#context.sessionFile;
    try {
      const held = this.#context.findHeld();
      const place = await this.#context.placeOf(held);
      if (place.kind !== 'configured' && !place.host) return { signed_in: false, path };
      const { source, server = null } = held;
      return { signed_in: true, source, server, degraded: place.kind === 'stand_in', path };
    } catch (error) {
      if (isNotSignedIn(error)) return { signed_in: false, path };
      throw error;
    }
  }

  #clockDifference(): Facts | 'skipped' {
    if (!this.#clock) return 'skipped';
    return { difference_ms: Math.round(this.#clock.server - this.#clock.here) };
  }
}

async function judge(name: CheckName, check: () => Promise<Facts | 'skipped'>): Promise<CheckResult> {
  try {
    const facts = await check();
    if (facts === 'skipped') return { name, status: 'skipped', facts: {} };
    const isOff = name === 'clock' && Math.abs(Number(facts.difference_ms)) > CLOCK_TOLERANCE;
    return { name, status: isOff ? 'warning' : 'ok', facts };
  } catch (error) {
    return { name, status: 'fault', error };
  }
}

function isSameFault(a: unknown, b: unknown): boolean {
  return (
    a instanceof AppError &&
    b instanceof AppError &&
    a.reason === b.reason &&
    a.params.engine === b.params.engine &&
    a.params.setting === b.params.setting
  );
}

/** That nobody is signed in is no fault. */
function isNotSignedIn(error: unknown): boolean {
  return error instanceof AppError && error.reason === 'never';
}

function embeddedFacts({ running, folder }: LocalStatus): Facts {
  return { embedded: true, running, folder };
}
