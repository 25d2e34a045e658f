import { AppError } from '../errors.ts';

/** The flags by which a password comes. */
export type PasswordFlagName = '--password-stdin' | '--password-file';

/** Bytes that are read at most: far more than any password. */
export const MAX_BYTES = 65_536;

/** Milliseconds that a writer has for the password; another program may have to ask somebody for it first. */
export const PATIENCE = 60_000;

/** Never with the path: it may be a password that was typed in its place. */
export function refused(flag: PasswordFlagName, problem: string, code?: string): AppError {
  return new AppError('password_input', { flag, problem, ...(code ? { code } : {}) });
}
