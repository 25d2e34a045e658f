import { join } from 'node:path';
import { AppError } from './errors.ts';
import { readFileInTime } from './read-file-in-time.ts';

/** Where a setting's value came from. */
export type SettingSource = 'environment' | 'file' | 'default';

/** Passwords, which a server may do without: an empty one counts as not set. */
const PASSWORDS = new Set(['REDIS_PASSWORD', 'PGPASSWORD']);

/** Does a variable of this name have to hold something once it is set? A lost CI secret looks like `X=`. */
function mustHoldSomething(name: string): boolean {
  // An empty AIRBNB_TOKEN is no mistake: it means "not signed in".
  if (PASSWORDS.has(name) || name === 'AIRBNB_TOKEN') return false;
  return (
    name === 'DATABASE_URL' || name === 'PGHOST' || name.startsWith('REDIS_') || name.startsWith('AIRBNB_')
  );
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsPlaces {
  /** env-paths' configuration folder. */
  readonly configFolder: string;
  /** The folder of the package's own package.json. */
  readonly packageRoot: string;
}

/**
 * Named text values: the environment over the first `.env` that is found (never two). The current folder
 * is never looked at: a `.env` there could send a token to a stranger.
 */
export class Settings {
  /** The `.env` that was read, if any. */
  readonly envFile: string | undefined;
  readonly #environment: Environment;
  readonly #fromFile: Readonly<Record<string, string>>;

  /**
   * @throws AppError `env_file_unreadable`, where AIRBNB_ENV_FILE names no readable file or a `.env` that
   *   exists cannot be read; `empty_setting` for AIRBNB_ENV_FILE itself.
   */
  constructor(environment: Environment, places: SettingsPlaces) {
    this.#environment = environment;
    const named = environment.AIRBNB_ENV_FILE;
    if (named === '') throw new AppError('empty_setting', { setting: 'AIRBNB_ENV_FILE' });
    const candidates = named
      ? [named]
      : [join(places.configFolder, '.env'), join(places.packageRoot, '.env')];
    const found = firstReadable(candidates, named !== undefined);
    this.envFile = found?.path;
    this.#fromFile = found ? parseEnvFile(found.text) : {};
  }

  /** The value of a setting, or undefined where it is not set. An empty value that counts as unset is undefined. */
  get(name: string): string | undefined {
    const value = this.raw(name);
    return value === '' ? undefined : value;
  }

  /** The value of a setting with an empty one told apart from none. */
  raw(name: string): string | undefined {
    const value = this.#environment[name];
    const isSet = value !== undefined && !(value === '' && PASSWORDS.has(name));
    return isSet ? value : this.#fromFile[name];
  }

  source(name: string): SettingSource {
    const value = this.raw(name);
    if (value === undefined) return 'default';
    return value === this.#environment[name] ? 'environment' : 'file';
  }

  /** The value that the `.env` alone gives, whether the environment outranks it or not. */
  inFile(name: string): string | undefined {
    return this.#fromFile[name];
  }

  /** The names of all that is set, in the environment or the `.env`; most of the former are not ours. */
  names(): string[] {
    return [...new Set([...Object.keys(this.#environment), ...Object.keys(this.#fromFile)])];
  }

  /**
   * @param isMeant which variables are looked at: all, unless said
   * @throws AppError `empty_setting`, naming the first variable that is set but empty and must not be, and the file
   *   where it is one's line.
   */
  refuseEmpty(isMeant: (name: string) => boolean = () => true): void {
    for (const [values, place] of [
      [this.#environment, {}],
      [this.#fromFile, this.envFile === undefined ? {} : { path: this.envFile }],
    ] as const) {
      // Names alone: Node asks the system for each value of the environment that is looked at.
      for (const name of Object.getOwnPropertyNames(values)) {
        if (mustHoldSomething(name) && values[name] === '' && this.raw(name) === '' && isMeant(name)) {
          throw new AppError('empty_setting', { setting: name, ...place });
        }
      }
    }
  }

  /**
   * `1`, `true`, `0` or `false`, nothing else: were `AIRBNB_STRICT=yes` taken for "no", it would fail open.
   * @throws AppError `invalid_setting`
   */
  flag(name: string): boolean {
    const value = this.get(name);
    if (value === undefined || value === '0' || value === 'false') return false;
    if (value === '1' || value === 'true') return true;
    throw new AppError('invalid_setting', { setting: name, problem: 'not_a_boolean' });
  }

  /** @throws AppError `invalid_setting`, naming the bounds, for anything but whole decimal digits within them. */
  wholeNumber(name: string, bounds: { min: number; max: number }): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= bounds.min && number <= bounds.max) return number;
    throw new AppError('invalid_setting', { setting: name, problem: 'not_a_whole_number', ...bounds });
  }
}

function firstReadable(candidates: string[], mustExist: boolean): { path: string; text: string } | undefined {
  for (const path of candidates) {
    try {
      return { path, text: readFileInTime(path) };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      const absent = code === 'ENOENT' || code === 'ENOTDIR';
      if (!absent || mustExist) throw new AppError('env_file_unreadable', { path, code });
    }
  }
  return undefined;
}

/** dotenv is loaded only where there is a file to parse. */
function parseEnvFile(text: string): Record<string, string> {
  const { parse } = require('dotenv') as typeof import('dotenv');
  return parse(text);
}
