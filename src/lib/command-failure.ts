import { AppError, type ErrorParams } from './errors.ts';
import { nameOfFlag } from './flag-words.ts';
import { errorTexts } from './i18n/error-texts.ts';
import type { Language } from './i18n/language.ts';
import { nearestFlag } from './nearest.ts';
import { ownWords } from './own-words.ts';
import { isToken, redactTokens } from './session/session-token.ts';

/** The `error` member of the JSON document that a failed command prints. */
export interface FailureJson {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly hint: string | null;
  /** Which engine, for `unreachable`, `refusing_work` and `misconfigured`. */
  readonly engine?: string;
  /** Which variable, for errors of the configuration. */
  readonly setting?: string;
  /** Which flag, for wrong usage. */
  readonly flag?: string;
  /** Whole seconds that are left, for `expires_soon`. */
  readonly expires_in?: number;
  /** Whole seconds after which to try again, for `too_many_attempts`. */
  readonly retry_after?: number;
}

/** Parameters of an error that its JSON carries as they are: names and numbers, never a value that somebody typed. */
const PUBLISHED = ['engine', 'setting', 'flag', 'expires_in', 'retry_after'] as const;

/** An error as people and scripts read it. */
export function describeFailure(error: AppError, language: Language): FailureJson {
  const { message, hint } = errorTexts[language][error.reason](error.params);
  const published = PUBLISHED.flatMap((name) =>
    error.params[name] === undefined ? [] : [[name, error.params[name]]],
  );
  return {
    code: error.exitCode,
    reason: error.reason,
    message: redactTokens(message),
    hint: hint === undefined ? null : redactTokens(hint),
    ...Object.fromEntries(published),
  };
}

/**
 * What to say of a value that somebody typed; nothing where it can be used.
 * @param check throws an AppError where it cannot
 */
export function problemOf(check: () => unknown, language: Language): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, hint } = describeFailure(error, language);
    return hint ? `${message} ${hint}` : message;
  }
}

/**
 * Sorts whatever was thrown into our own errors. oclif's parse errors repeat the argument, which may be a token
 * or a password typed in the wrong place, so only the names of our own flags and arguments are taken from them.
 * They are known by their names, as the bundle may hold another copy of their classes.
 * @param command the command's name as it is typed, such as `sessions list`
 */
export function toAppError(error: unknown, command: string): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return new AppError('internal');
  const { flags, args } = error as ParseError & { flags?: unknown; args?: unknown };
  switch (error.constructor.name) {
    case 'NonExistentFlagsError':
      // One token in 64 begins with a dash.
      if (Array.isArray(flags) && isToken(String(flags[0]))) return new AppError('token_as_argument');
      return new AppError('unknown_flag', { ...flagOf(flags), ...nearestTo(flags, error), command });
    case 'UnexpectedArgsError':
      return superfluousValue(error, command) ?? new AppError('unexpected_argument', { command });
    case 'RequiredArgsError':
      return new AppError('missing_argument', { ...describeArgument(args), command });
    case 'ArgInvalidOptionError':
    case 'FlagInvalidOptionError':
      return new AppError('invalid_value', optionsOf(error.message));
    case 'FailedFlagValidationError':
      return new AppError('conflicting_flags', flagsThatExclude(error.message));
    case 'CLIError':
      return misusedFlag(error.message, command) ?? new AppError('internal', {}, { cause: error });
    default:
      return new AppError('internal', {}, { cause: error });
  }
}

/** An error of oclif's parser with what it was about. */
interface ParseError extends Error {
  readonly parse?: {
    readonly input?: {
      readonly argv?: readonly string[];
      readonly flags?: Readonly<
        Record<string, { readonly type: string; readonly aliases?: readonly string[] }>
      >;
    };
  };
}

/** The flag of the command that may have been meant. */
function nearestTo(flags: unknown, error: ParseError): ErrorParams {
  const { flag } = flagOf(flags);
  const known = Object.entries(error.parse?.input?.flags ?? {});
  const names = known.flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  const nearest = flag === undefined ? undefined : nearestFlag(String(flag), [...names, 'help']);
  return nearest ? { nearest } : {};
}

/** The flag that oclif's error is about, where it can be told. */
function flagOf(flags: unknown): ErrorParams {
  const flag = Array.isArray(flags) ? nameOfFlag(String(flags[0])) : undefined;
  return flag === undefined ? {} : { flag };
}

/** To oclif `--json=yes` is `--json yes`, and `yes` an argument. */
function superfluousValue(error: ParseError, command: string): AppError | undefined {
  const { argv = [], flags = {} } = error.parse?.input ?? {};
  const switches = ownWords(argv).flatMap((word) => /^--([a-z-]+)=/.exec(word)?.[1] ?? []);
  const name = switches.find((each) => flags[each]?.type === 'boolean');
  return name === undefined ? undefined : new AppError('superfluous_value', { flag: `--${name}`, command });
}

/** From "--password-stdin=true cannot also be provided when using --password-file", in which the first is a switch. */
function flagsThatExclude(message: string): ErrorParams {
  const [, excluded, excluding] =
    /--([a-z-]+)=true cannot also be provided when using --([a-z-]+)/.exec(message) ?? [];
  return excluded && excluding ? { flags: `--${excluding}, --${excluded}` } : {};
}

/** The first of some arguments of ours: its name and what it can be. */
function describeArgument(args: unknown): ErrorParams {
  const [first] = Array.isArray(args) ? (args as { name?: string; options?: string[] }[]) : [];
  const expected = first?.options?.join(', ');
  return { name: (first?.name ?? '').toUpperCase(), ...(expected ? { expected } : {}) };
}

/** From "Expected --rol=<what was typed> to be one of: HUESPED, ANFITRION". */
function optionsOf(message: string): ErrorParams {
  const flag = /^Expected (--[a-z-]+)=/.exec(message)?.[1];
  const expected = /^[\s\S]* to be one of: ([A-Za-z, ]+)\n/.exec(message)?.[1];
  return { ...(flag ? { flag } : {}), ...(expected ? { expected } : {}) };
}

/** From "Flag --email expects a value" and the like, in which oclif names our flag and no value. */
function misusedFlag(message: string, command: string): AppError | undefined {
  const flag = /^Flag (--[a-z-]+) /.exec(message)?.[1];
  if (!flag) return undefined;
  if (message.includes('only be specified once')) {
    return new AppError('conflicting_flags', { flags: flag, problem: 'twice' });
  }
  return new AppError('missing_value', { flag, command });
}
