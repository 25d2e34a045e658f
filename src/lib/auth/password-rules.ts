import { AppError } from '../errors.ts';
import { isCommonPassword } from './common-passwords.ts';

const MIN_CHARACTERS = 8;
/** bcrypt's limit, UTF-8. */
const MAX_BYTES = 72;

/**
 * The rules for a new password. One that is used to sign in is not held to them: it may be older than they are.
 * @throws AppError `invalid_password` with `problem`: `too_short` or `too_long` (with `limit`, in characters or
 *   bytes), `nul` or `common`
 */
export function assertGoodPassword(password: string): void {
  if (password.includes('\0')) throw invalid('nul');
  if ([...password].length < MIN_CHARACTERS) throw invalid('too_short', MIN_CHARACTERS);
  if (Buffer.byteLength(password) > MAX_BYTES) throw invalid('too_long', MAX_BYTES);
  if (isCommonPassword(password)) throw invalid('common');
}

function invalid(problem: 'too_short' | 'too_long' | 'nul' | 'common', limit?: number): AppError {
  return new AppError('invalid_password', { problem, ...(limit === undefined ? {} : { limit }) });
}
