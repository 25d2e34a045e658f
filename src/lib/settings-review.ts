import { statSync } from 'node:fs';
import type { Config } from './config.ts';
import { nearestVariable } from './nearest.ts';
import type { SettingSource, Settings } from './settings.ts';

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

/** Settings that are a secret once they hold anything. */
const SECRETS = ['REDIS_PASSWORD', 'PGPASSWORD', 'AIRBNB_TOKEN', 'AIRBNB_TOKEN_KEY'] as const;
/** Settings that may hold a password between others things. */
const URLS = ['REDIS_URL', 'DATABASE_URL'] as const;
const PASSWORD_IN_URL = /:\/\/[^/]*:[^@]+@|[?&]password=./;
/** What a URL with credentials has and no other value: typed into the wrong variable it is not shown. */
const MAY_BE_URL = /@|:\/\//;

/** Bits of a file's mode by which others can read it. */
const READABLE_BY_OTHERS = 0o044;

/** All variables of ours. */
const OURS = [...SHOWN_SETTINGS, ...HIDDEN_SETTINGS, 'AIRBNB_ENV_FILE'].filter((name) =>
  name.startsWith('AIRBNB_'),
);
/** Variables of the development and the tests of this program. */
const OF_DEVELOPMENT = /^AIRBNB_(DEV|TEST_.*)$/;

export interface ShownSetting {
  readonly name: string;
  /** null: it is set, and may hold a secret. */
  readonly value: string | null;
  readonly source: SettingSource;
}

/** The settings that are not at their default. */
export function shownSettings({ settings }: Config): ShownSetting[] {
  const set = (name: string) => settings.raw(name) !== undefined;
  const typed = (name: string) => settings.raw(name) ?? '';
  return [
    ...SHOWN_SETTINGS.filter(set).map((name) => ({
      name,
      value: MAY_BE_URL.test(typed(name)) ? null : typed(name),
      source: settings.source(name),
    })),
    ...HIDDEN_SETTINGS.filter(set).map((name) => ({ name, value: null, source: settings.source(name) })),
  ];
}

/**
 * Variables that begin as ours do and are none: a slip of the fingers, or of another version.
 * @returns each with the one that may have been meant
 */
export function unknownSettings(settings: Settings): { setting: string; nearest?: string }[] {
  return settings
    .names()
    .filter(
      (name) => /^AIRBNB_\w+$/.test(name) && !OF_DEVELOPMENT.test(name) && !OURS.includes(name as never),
    )
    .map((setting) => {
      const nearest = nearestVariable(setting, OURS);
      return nearest === undefined ? { setting } : { setting, nearest };
    });
}

/** The path of the `.env` where it is ours, others can read it, and there is a secret in it. */
export function openSecretsFile(settings: Settings): string | undefined {
  const { envFile } = settings;
  if (envFile === undefined) return undefined;
  const written = (name: string) => settings.inFile(name) ?? '';
  const holdsSecret =
    SECRETS.some((name) => written(name) !== '') || URLS.some((name) => PASSWORD_IN_URL.test(written(name)));
  const { mode, uid } = statSync(envFile);
  return holdsSecret && uid === process.getuid?.() && mode & READABLE_BY_OTHERS ? envFile : undefined;
}
