import { AppError } from '../errors.ts';
import type { SessionFile } from './session-file.ts';
import { isToken, markOf } from './session-token.ts';

/** Where a command's token came from. */
export type TokenSource = 'env' | 'file';

/** The token that a command runs with, and what is known of it before any server was asked. */
export interface HeldSession {
  readonly token: string;
  readonly mark: string;
  readonly source: TokenSource;
  readonly userId?: number | undefined;
  readonly email?: string | undefined;
  /** Who issued it; unknown for AIRBNB_TOKEN and for a file that holds a bare token. */
  readonly server?: string | undefined;
}

/**
 * Finds the token: AIRBNB_TOKEN wins over the file, and an empty one is "not signed in".
 * @param token AIRBNB_TOKEN as it is set
 * @throws AppError `never`, `malformed`, `token_key` or `token_file_unsafe`
 */
export function findHeldSession(token: string | undefined, file: SessionFile): HeldSession {
  if (token === '') throw new AppError('never');
  if (token !== undefined) {
    if (!isToken(token)) throw new AppError('malformed');
    return { token, mark: markOf(token), source: 'env' };
  }
  const stored = file.read();
  if (!stored) throw new AppError('never');
  return { ...stored, mark: stored.mark ?? markOf(stored.token), source: 'file' };
}
