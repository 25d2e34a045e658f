import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { isToken } from './session-token.ts';
import type { TokenKey } from './token-key.ts';
import { type SealedFor, sealToken, unsealToken } from './token-seal.ts';

/** What the token file keeps. A file that holds nothing but a bare token knows neither user nor server. */
export interface StoredSession {
  readonly token: string;
  /** SHA-256 of the token in hex, kept so that a command need not calculate it. */
  readonly mark?: string | undefined;
  readonly email?: string | undefined;
  readonly userId?: number | undefined;
  /** Who issued the token; see `redisServerName` and the embedded engines. A token is never sent to another. */
  readonly server?: string | undefined;
}

/** What a login knows of the session that it started: all of it. */
type WholeSession = { readonly [K in keyof StoredSession]-?: NonNullable<StoredSession[K]> };

/** What a sealed file holds: the token can be read with the key alone. */
interface SealedSession extends SealedFor {
  readonly sealed: string;
}

/** What is left of one that was changed: not to be told from one that another key opens, and kept as that is. */
interface ChangedSession {
  readonly sealed: undefined;
  readonly email?: undefined;
}

/** A larger file is none that we wrote. */
const MAX_BYTES = 4096;
const GROUP_OR_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * The token file: one line of JSON, `{"v":1,"token","mark","email","user_id","server"}`, 0600 in a folder 0700. With a
 * key it is `{"v":2,"sealed","email","user_id","server"}`, without the mark: that would tell which session it is.
 */
export class SessionFile {
  readonly path: string;
  readonly #key: TokenKey | undefined;

  /** @param key what seals the token; without it the file is a plain one, and with it only a sealed one is read */
  constructor(path: string, key?: TokenKey) {
    this.path = path;
    this.#key = key;
  }

  /**
   * Reads the file through one descriptor, so that what is checked is what is read.
   * @returns undefined where there is no file
   * @throws AppError `token_file_unsafe` where somebody else could have written or read it, or it is no regular
   *   file; `malformed` where it does not hold a token; `token_key` where it is sealed and the key is another one or
   *   missing, or it was changed, or where there is a key and it is not sealed
   */
  read(): StoredSession | undefined {
    const text = this.#readText();
    if (text === undefined) return undefined;
    const held = parse(text.replace(/\r?\n$/, ''));
    if (!held) throw this.#malformed();
    return 'sealed' in held ? this.#unseal(held) : this.#acceptPlain(held);
  }

  /**
   * Whose session it is said to be, which can be read without the key; nobody vouches for it then.
   * @returns undefined where that cannot be told
   * @throws AppError `token_file_unsafe`
   */
  readEmail(): string | undefined {
    const text = this.#readText();
    return text === undefined ? undefined : parse(text.replace(/\r?\n$/, ''))?.email;
  }

  /**
   * Replaces the file as a whole: readers see the old one or the new one, never a part.
   * @throws AppError `token_file_unsafe` for a folder that others may write to; `token_file_unwritable`
   */
  write(stored: WholeSession): void {
    const { token, mark, email, userId, server } = stored;
    const key = this.#key;
    const secret = key
      ? { v: 2, sealed: sealToken(token, key, { email, userId, server }) }
      : { v: 1, token, mark };
    const line = `${JSON.stringify({ ...secret, email, user_id: userId, server })}\n`;
    // Such as with very many nodes of a cluster: better said by this login than by every command after it.
    if (Buffer.byteLength(line) > MAX_BYTES) throw this.#unwritable('EFBIG');
    const folder = dirname(this.path);
    const temporary = `${this.path}.${randomBytes(8).toString('hex')}.tmp`;
    try {
      makeFolders(folder);
      refuseUnsafeFolder(folder);
      const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
      const descriptor = openSync(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
      try {
        fchmodSync(descriptor, 0o600);
        writeFileSync(descriptor, line);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(temporary, this.path);
    } catch (error) {
      discard(temporary);
      throw error instanceof AppError ? error : this.#unwritable(codeOf(error));
    }
  }

  /**
   * Removes the file if it still holds this token: another login may have replaced it meanwhile.
   * @throws AppError `token_file_unwritable`
   */
  removeIfHolds(token: string): void {
    let held: string | undefined;
    try {
      held = this.read()?.token;
    } catch {
      return; // Not what we read before: somebody else's business.
    }
    if (held === token) this.remove();
  }

  /** @returns whether there was one. @throws AppError `token_file_unwritable` */
  remove(): boolean {
    try {
      return removeIfThere(this.path);
    } catch (error) {
      throw this.#unwritable(codeOf(error));
    }
  }

  /** @throws AppError `token_file_unsafe`, for what a login is about to replace. */
  refuseUnsafe(): void {
    try {
      this.#readText();
    } catch (error) {
      if (error instanceof AppError && error.reason === 'malformed') return;
      throw error;
    }
  }

  #unseal(held: SealedSession | ChangedSession): StoredSession {
    if (!this.#key) throw this.#refused('sealed');
    if (held.sealed === undefined) throw this.#refused('unopened');
    const { sealed, ...owner } = held;
    const token = unsealToken(sealed, this.#key, owner);
    if (token === undefined || !isToken(token)) throw this.#refused('unopened');
    return { token, ...owner };
  }

  /** Whoever can write the file could put a session of theirs into it: with a key nothing is taken that it did not seal. */
  #acceptPlain(stored: StoredSession): StoredSession {
    if (this.#key) throw this.#refused('plain');
    return stored;
  }

  #readText(): string | undefined {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    let descriptor: number;
    try {
      // O_NONBLOCK: a FIFO in its place must not hold us up.
      descriptor = openSync(this.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'ELOOP') throw this.#unsafe('symlink');
      throw this.#unsafe(code === 'ENXIO' ? 'not_a_file' : 'unreadable');
    }
    try {
      const stats = fstatSync(descriptor);
      const problem = problemOf(stats);
      if (problem) throw this.#unsafe(problem);
      refuseUnsafeFolder(dirname(this.path));
      if (stats.size > MAX_BYTES) throw this.#malformed();
      const buffer = Buffer.alloc(MAX_BYTES);
      return buffer.toString('utf8', 0, readSync(descriptor, buffer));
    } finally {
      closeSync(descriptor);
    }
  }

  #unwritable(code: string): AppError {
    return new AppError('token_file_unwritable', { path: this.path, code });
  }

  #malformed(): AppError {
    return new AppError('malformed', { path: this.path });
  }

  #refused(problem: 'plain' | 'sealed' | 'unopened'): AppError {
    return new AppError('token_key', { path: this.path, problem });
  }

  #unsafe(problem: FileProblem): AppError {
    return new AppError('token_file_unsafe', { path: this.path, problem });
  }
}

/** What is wrong with a file or folder; the words and the command that mends it are chosen by it. */
export type FileProblem =
  | 'symlink'
  | 'not_a_file'
  | 'folder'
  | 'foreign_owner'
  | 'open_bits'
  | 'unreadable'
  | 'folder_shared'
  | 'folder_foreign_owner'
  | 'folder_open_bits';

function problemOf(stats: Stats): FileProblem | undefined {
  if (stats.isDirectory()) return 'folder';
  if (!stats.isFile()) return 'not_a_file';
  if (stats.uid !== process.getuid?.()) return 'foreign_owner';
  if (stats.mode & GROUP_OR_OTHERS) return 'open_bits';
  return undefined;
}

function refuseUnsafeFolder(folder: string): void {
  const problem = problemOfFolder(statSync(folder));
  if (problem) throw new AppError('token_file_unsafe', { path: folder, problem });
}

function problemOfFolder({ uid, mode }: Stats): FileProblem | undefined {
  // As /tmp is: nobody should take it for himself to keep a file in it.
  if (mode & STICKY && mode & WRITABLE_BY_OTHERS) return 'folder_shared';
  if (uid !== process.getuid?.()) return 'folder_foreign_owner';
  if (mode & WRITABLE_BY_OTHERS) return 'folder_open_bits';
  return undefined;
}

function parse(line: string): StoredSession | SealedSession | ChangedSession | undefined {
  if (isToken(line)) return { token: line };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = value as Record<string, unknown>;
  const { v, token, mark, sealed, email, user_id, server } = members;
  const hasOwner =
    typeof email === 'string' &&
    typeof user_id === 'number' &&
    Number.isSafeInteger(user_id) &&
    typeof server === 'string';
  if (v === 2 || typeof sealed === 'string') {
    // What is not known is not protected by the seal either.
    const isWhole = v === 2 && typeof sealed === 'string' && hasOwner && Object.keys(members).length === 5;
    return isWhole ? { sealed, email, userId: user_id, server } : { sealed: undefined };
  }
  if (v !== 1 || typeof token !== 'string' || !isToken(token) || !hasOwner) return undefined;
  return { token, mark: isMark(mark) ? mark : undefined, email, userId: user_id, server };
}

function isMark(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** Removes what may be left of a failed write, whose own error is the one to tell. */
function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Not there, or not to be removed for the same reason.
  }
}

function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    return false;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
