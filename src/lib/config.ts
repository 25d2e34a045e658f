import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { type PostgresAddress, postgresAddress } from './connections/postgres-address.ts';
import { type RedisAddress, redisAddress } from './connections/redis-address.ts';
import { AppError } from './errors.ts';
import { readTokenKey, type TokenKey } from './session/token-key.ts';
import { type Environment, Settings } from './settings.ts';

/** How sessions live, in seconds. */
export interface SessionLifetime {
  /** The sliding lifetime. */
  readonly ttl: number;
  /** The absolute end of sessions that login starts, counted from then. */
  readonly maxAge: number | undefined;
}

export interface Folders {
  readonly config: string;
  readonly data: string;
  readonly cache: string;
  /** env-paths' `log`: on Linux `~/.local/state/airbnb`. */
  readonly state: string;
}

const DEFAULT_TTL = 90;
const MAX_TTL = 31_536_000; // a year
const DEFAULT_LOCAL_IDLE = 900;

/**
 * What the user configured. Each part is read when it is first asked for, so that a command meets only the
 * faults of what it needs; an empty variable is refused at once, whoever needs it.
 */
export class Config {
  readonly settings: Settings;
  readonly folders: Folders;
  readonly #home: string;
  #tokenKey: TokenKey | undefined;

  constructor(settings: Settings, folders: Folders, home: string) {
    this.settings = settings;
    this.folders = folders;
    this.#home = home;
  }

  /** The Redis that is configured; undefined: the embedded one. */
  get redis(): RedisAddress | undefined {
    return redisAddress(this.settings);
  }

  /** The PostgreSQL that is configured; undefined: the embedded one. */
  get postgres(): PostgresAddress | undefined {
    return postgresAddress(this.settings);
  }

  get lifetime(): SessionLifetime {
    const ttl = this.settings.wholeNumber('AIRBNB_SESSION_TTL', { min: 1, max: MAX_TTL }) ?? DEFAULT_TTL;
    const maxAge = this.settings.wholeNumber('AIRBNB_SESSION_MAX_AGE', { min: ttl, max: MAX_TTL * 10 });
    return { ttl, maxAge };
  }

  /** Path of the token file. */
  get sessionFile(): string {
    const moved = this.settings.get('AIRBNB_SESSION_FILE');
    return moved ? resolve(moved) : join(this.#home, '.airbnb', 'session');
  }

  /**
   * AIRBNB_TOKEN as it was given, less a line end that a secret store may have added; '' where it is set
   * but empty, which is "not signed in" and does not fall back to the file.
   */
  get token(): string | undefined {
    return this.settings.raw('AIRBNB_TOKEN')?.replace(/\r?\n$/, '');
  }

  /** What seals the token file; undefined: it is a plain one. */
  get tokenKey(): TokenKey | undefined {
    this.#tokenKey ??= readTokenKey(this.settings);
    return this.#tokenKey;
  }

  get strict(): boolean {
    return this.settings.flag('AIRBNB_STRICT');
  }

  get noInput(): boolean {
    return this.settings.flag('AIRBNB_NO_INPUT');
  }

  get trace(): boolean {
    return this.settings.flag('AIRBNB_TRACE');
  }

  /** Seconds after which embedded engines that nobody uses end. */
  get localIdle(): number {
    return this.settings.wholeNumber('AIRBNB_LOCAL_IDLE', { min: 1, max: MAX_TTL }) ?? DEFAULT_LOCAL_IDLE;
  }

  /** Reads every part: what `doctor` and the start of a command go through, so that no bad value is overlooked. */
  validate(): void {
    this.settings.refuseEmpty();
    void [this.strict, this.noInput, this.trace, this.lifetime, this.localIdle, this.tokenKey];
  }
}

/**
 * Reads the environment and the `.env` that goes with it.
 * @param packageRoot folder of the package's own package.json
 * @throws AppError `home_missing`, `env_file_unreadable`, `empty_setting`
 */
export function loadConfig(environment: Environment, packageRoot: string): Config {
  const home = homeFolder();
  const { config, data, cache, log } = envPaths('airbnb', { suffix: '' });
  const folders = { config, data, cache, state: log };
  return new Config(new Settings(environment, { configFolder: config, packageRoot }), folders, home);
}

/** The user's home. @throws AppError `home_missing` */
export function homeFolder(): string {
  let home = '';
  try {
    home = homedir();
  } catch {
    // No HOME and no entry in the user database, as in a bare container.
  }
  if (!isAbsolute(home)) throw new AppError('home_missing');
  return home;
}
