import { DatabaseError } from 'pg';
import { AppError, type EngineName, type ErrorParams, type Reason } from '../errors.ts';

const ENGINE: EngineName = 'postgres';

/**
 * An error about PostgreSQL.
 * @param detail a stable token or a SQLSTATE; never the message of the server or the driver
 * @param more names, types and numbers that the words of the error need
 */
export function postgresFailure(reason: Reason, detail: string, more: ErrorParams = {}): AppError {
  return new AppError(reason, { engine: ENGINE, ...more, detail });
}

/** Thrown in place of a password where the server asks for one and none is configured. */
export class NoPasswordError extends Error {}

/**
 * SQLSTATEs, the first match counts; any other is the server's refusal to work. A missing table or column
 * means that the migrations have not run. What a constraint or a type of an adopted table refuses is a fault
 * of that schema. The rest of class 42 is a mistake in our SQL.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const STATES: ReadonlyArray<readonly [RegExp, Reason]> = [
  [/^(28...|3D000|42501)$/, 'misconfigured'],
  [/^(42P01|42703|3F000)$/, 'tables_missing'],
  [/^(08(?!P01)...|57P0[1235])$/, 'unreachable'],
  [/^(22001|22P02|23...)$/, 'unsupported_schema'],
  [/^42/, 'internal'],
];

/** PgBouncer has one SQLSTATE for all that it says itself: these are about who we say we are. */
const POOLER_LOGIN = /^08P01 .*(authentication failed|no such (database|user))/;

/** What the driver and its pool say in words alone, without a code. */
const MESSAGES: ReadonlyArray<readonly [RegExp, Reason, string]> = [
  [/^Query read timeout$/, 'unreachable', 'query_timeout'],
  [/timeout/, 'unreachable', 'connect_timeout'],
  [/^Connection terminated|not queryable$/, 'unreachable', 'connection_closed'],
  [/does not support SSL/, 'misconfigured', 'tls_not_supported'],
  [/error establishing an SSL connection/, 'misconfigured', 'not_postgres'],
  [/^SASL/, 'misconfigured', 'scram'],
];

const CERTIFICATE = /CERT|SIGNATURE|ISSUER|CRL|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH/;
const TLS = /^ERR_(TLS|SSL|OSSL)|^EPROTO$/;
const FORBIDDEN_SOCKET = /^(EACCES|EPERM)$/;
const NETWORK = /^E[A-Z][A-Z0-9_]+$/;

/**
 * Translates whatever pg, Kysely or the network throws. Nothing of the original is kept but its code and, for
 * a constraint, the names of table, column and constraint: messages may quote values.
 * @param server what `params.server` shall name, without credentials
 */
export function translatePostgresError(error: unknown, server: string): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DatabaseError) return fromServer(error, server);
  if (error instanceof NoPasswordError) return postgresFailure('misconfigured', 'no_password', { server });
  const code = codeOf(error);
  if (code !== undefined) return postgresFailure(reasonOfCode(code), code, { server });
  const message = error instanceof Error ? error.message : '';
  const known = MESSAGES.find(([pattern]) => pattern.test(message));
  if (known) return postgresFailure(known[1], known[2], { server });
  return postgresFailure('internal', error instanceof Error ? error.name : typeof error, { server });
}

/**
 * Whether the connection can still be used: the server replied, and did not end it. By the SQLSTATE, as the
 * severity comes in the server's language.
 */
export function leavesConnectionUsable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code !== undefined && !/^(08|57P)/.test(error.code);
}

/** Whether a server has TLS but lets only plain connections in, by its pg_hba.conf: sslmode `prefer` makes one. */
export function refusesTls(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '28000';
}

function fromServer(error: DatabaseError, server: string): AppError {
  const state = error.code;
  if (state === undefined) return postgresFailure('misconfigured', 'not_postgres', { server });
  const reason = POOLER_LOGIN.test(`${state} ${error.message}`) ? 'misconfigured' : reasonOfState(state);
  const { table, column, constraint } = error;
  return postgresFailure(reason, state, {
    server,
    ...(reason === 'unsupported_schema' ? { problem: state } : {}),
    ...(table === undefined ? {} : { table }),
    ...(column === undefined ? {} : { column }),
    ...(constraint === undefined ? {} : { constraint }),
  });
}

function reasonOfState(state: string): Reason {
  return STATES.find(([pattern]) => pattern.test(state))?.[1] ?? 'refusing_work';
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function reasonOfCode(code: string): Reason {
  if (TLS.test(code) || CERTIFICATE.test(code) || FORBIDDEN_SOCKET.test(code)) return 'misconfigured';
  return NETWORK.test(code) && !code.startsWith('ERR_') ? 'unreachable' : 'internal';
}
