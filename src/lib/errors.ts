import { ExitCode } from './exit-codes.ts';

/**
 * Every way in which a command can fail on purpose, with the exit code that it ends with. The names are
 * a contract: they are `error.reason` under `--json`. The words for each are in `i18n/`, never here.
 */
const exitCodeOfReason = {
  // 1: failed
  internal: ExitCode.failed,
  output_unwritable: ExitCode.failed,
  token_file_unwritable: ExitCode.failed,
  completion_file_unusable: ExitCode.failed,
  email_taken: ExitCode.failed,
  unknown_session: ExitCode.failed,
  ambiguous_session: ExitCode.failed,
  unknown_account: ExitCode.failed,
  declined: ExitCode.failed,
  local_engine_failed: ExitCode.failed,
  // 2: wrong usage
  unknown_command: ExitCode.usage,
  unknown_flag: ExitCode.usage,
  unexpected_argument: ExitCode.usage,
  missing_argument: ExitCode.usage,
  missing_flag: ExitCode.usage,
  missing_value: ExitCode.usage,
  superfluous_value: ExitCode.usage,
  invalid_value: ExitCode.usage,
  conflicting_flags: ExitCode.usage,
  token_as_argument: ExitCode.usage,
  confirmation_required: ExitCode.usage,
  json_refused: ExitCode.usage,
  nothing_to_run: ExitCode.usage,
  not_utf8: ExitCode.usage,
  invalid_email: ExitCode.usage,
  invalid_nombre: ExitCode.usage,
  invalid_password: ExitCode.usage,
  password_input: ExitCode.usage,
  // 4: not signed in
  never: ExitCode.notSignedIn,
  expired: ExitCode.notSignedIn,
  revoked: ExitCode.notSignedIn,
  other_server: ExitCode.notSignedIn,
  malformed: ExitCode.notSignedIn,
  corrupt: ExitCode.notSignedIn,
  token_key: ExitCode.notSignedIn,
  expires_soon: ExitCode.notSignedIn,
  wrong_credentials: ExitCode.notSignedIn,
  // 69, 78: the three classes of engine errors (Redis and PostgreSQL alike; `engine` in the params says which)
  unreachable: ExitCode.unavailable,
  refusing_work: ExitCode.unavailable,
  misconfigured: ExitCode.badConfiguration,
  // 69
  local_engine_stuck: ExitCode.unavailable,
  stand_in_session: ExitCode.unavailable,
  // 75
  too_many_attempts: ExitCode.tryLater,
  // 78: bad configuration
  empty_setting: ExitCode.badConfiguration,
  invalid_setting: ExitCode.badConfiguration,
  conflicting_settings: ExitCode.badConfiguration,
  env_file_unreadable: ExitCode.badConfiguration,
  embedded_forbidden: ExitCode.badConfiguration,
  accounts_not_configured: ExitCode.badConfiguration,
  tables_missing: ExitCode.badConfiguration,
  migrations_pending: ExitCode.badConfiguration,
  unsupported_schema: ExitCode.badConfiguration,
  unsupported_version: ExitCode.badConfiguration,
  token_file_unsafe: ExitCode.badConfiguration,
  local_folder_unsafe: ExitCode.badConfiguration,
  home_missing: ExitCode.badConfiguration,
  // 126, 127: of exec alone
  not_executable: ExitCode.notExecutable,
  not_found: ExitCode.notFound,
  // signals
  interrupted: ExitCode.interrupted,
  terminated: ExitCode.terminated,
} as const satisfies Record<string, ExitCode>;

export type Reason = keyof typeof exitCodeOfReason;

/** Reasons that end with another exit code where `problem` in the params is this. */
const exitCodeOfProblem: { readonly [R in Reason]?: Readonly<Record<string, ExitCode>> } = {
  // The key may be the wrong one: a login would throw away what the right one opens.
  token_key: { unopened: ExitCode.badConfiguration },
};

/** What the words of an error are filled with: names, paths and numbers, never a secret. */
export type ErrorParams = Readonly<Record<string, string | number>>;

const BRAND = Symbol.for('airbnb.AppError');

/**
 * An expected failure: a reason and what fills its words, no prose. Anything else that is thrown is a bug
 * and reaches the user as `internal`.
 */
export class AppError extends Error {
  readonly reason: Reason;
  readonly params: ErrorParams;
  readonly exitCode: ExitCode;
  readonly [BRAND] = true;

  /** The database is a bundle of its own, with its own copy of this class: both are the same to `instanceof`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  constructor(reason: Reason, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'AppError';
    this.reason = reason;
    this.params = params;
    this.exitCode = exitCodeOfProblem[reason]?.[String(params.problem)] ?? exitCodeOfReason[reason];
  }
}

/** The two kinds of server that a command may talk to, as `params.engine` names them. */
export type EngineName = 'redis' | 'postgres';
