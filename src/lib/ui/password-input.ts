import { constants, fstatSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { AppError } from '../errors.ts';
import type { PasswordSource } from './password-flags.ts';

/** Bytes that are read at most: far more than any password. */
const MAX_BYTES = 65_536;

/** Milliseconds that a writer has for the password; another program may have to ask somebody for it first. */
const PATIENCE = 60_000;
/** The same where there is no writer at the other end of a named pipe, or not any more. */
const PATIENCE_WITHOUT_WRITER = 2_000;
/** Milliseconds between two looks at a pipe in which there is nothing yet. */
const PAUSE = 10;

/** The bits of a file's mode by which others can read it. */
const READABLE_BY_OTHERS = 0o044;

/** What is told beside the password. */
export interface PasswordInputEvents {
  /** Others can read the file. @param path as it was given */
  readonly onOpenFile: (path: string) => void;
}

/** Milliseconds. */
export interface Patience {
  readonly writer: number;
  readonly noWriter: number;
}

/**
 * The password that a flag gives, less one line end.
 * @throws AppError `password_input` with the flag, and `problem`: `empty`, `too_long`, `not_utf8`, `terminal`, `late`,
 *   `unreadable` (with `code`) or `not_a_file`
 */
export async function readPassword(flags: PasswordSource, events: PasswordInputEvents): Promise<string> {
  const password = await read(flags, events);
  if (password === '') throw refused(flagOf(flags), 'empty');
  return password;
}

/**
 * The old and the new password, on two lines of what a flag gives.
 * @throws AppError `password_input` as {@link readPassword} does, or with the problem `two_lines`
 */
export async function readTwoPasswords(
  flags: PasswordSource,
  events: PasswordInputEvents,
): Promise<readonly [old: string, new_: string]> {
  const lines = (await read(flags, events)).split(/\r?\n/);
  const [before, after] = lines;
  if (!before || !after || lines.length !== 2) throw refused(flagOf(flags), 'two_lines');
  return [before, after];
}

async function read(flags: PasswordSource, { onOpenFile }: PasswordInputEvents): Promise<string> {
  const path = flags['password-file'];
  const bytes = path === undefined ? await readStdin() : await readFile(path, onOpenFile);
  return decode(bytes, flagOf(flags)).replace(/\r?\n$/, '');
}

type FlagName = '--password-stdin' | '--password-file';

const flagOf = (flags: PasswordSource): FlagName =>
  flags['password-file'] === undefined ? '--password-stdin' : '--password-file';

/** Never with the path: it may be a password that was typed in its place. */
function refused(flag: FlagName, problem: string, code?: string): AppError {
  return new AppError('password_input', { flag, problem, ...(code ? { code } : {}) });
}

/** A byte that is no UTF-8 would become another one, and the password another password. */
function decode(bytes: Buffer, flag: FlagName): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(flag, 'not_utf8');
  }
}

async function readStdin(): Promise<Buffer> {
  // It would be shown while it is typed.
  if (process.stdin.isTTY) throw refused('--password-stdin', 'terminal');
  const late = setTimeout(() => process.stdin.destroy(refused('--password-stdin', 'late')), PATIENCE);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) throw refused('--password-stdin', 'too_long');
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw refused('--password-stdin', 'unreadable', (error as NodeJS.ErrnoException).code);
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks);
}

/**
 * A file, or a pipe such as `/dev/stdin` and `<(...)`. Opened without waiting: an open that waits for the other end of
 * a pipe cannot be interrupted, not even by Ctrl-C.
 */
async function readFile(path: string, onOpenFile: (path: string) => void): Promise<Buffer> {
  const flag = '--password-file';
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw refused(flag, 'unreadable', (error as NodeJS.ErrnoException).code);
  }
  try {
    const stats = fstatSync(file.fd);
    const isPipe = stats.isFIFO();
    if (!stats.isFile() && !isPipe && !stats.isCharacterDevice()) throw refused(flag, 'not_a_file');
    if (isatty(file.fd)) throw refused(flag, 'terminal');
    if (isOursAndOpen(stats)) onOpenFile(path);
    return await readToEnd(file, isPipe);
  } finally {
    await file.close();
  }
}

/** Where somebody else owns it, such as a secret that is mounted into a container, its permissions are their affair. */
function isOursAndOpen(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & READABLE_BY_OTHERS) !== 0 && stats.uid === process.getuid?.();
}

/** @param patience how long a pipe is waited for */
export async function readToEnd(
  file: FileHandle,
  isPipe: boolean,
  patience: Patience = { writer: PATIENCE, noWriter: PATIENCE_WITHOUT_WRITER },
): Promise<Buffer> {
  const flag = '--password-file';
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  const started = Date.now();
  let size = 0;
  for (;;) {
    const count = await readSome(file, bytes, size);
    if (count === 0 && (size > 0 || !isPipe)) return bytes.subarray(0, size);
    size += count ?? 0;
    if (size > MAX_BYTES) throw refused(flag, 'too_long');
    if (count) continue;
    // The writer of a named pipe may come a moment later than we do.
    if (count === 0 && Date.now() - started >= patience.noWriter) return bytes.subarray(0, 0);
    if (Date.now() - started >= patience.writer) throw refused(flag, 'late');
    await sleep(PAUSE);
  }
}

/** How many bytes there were: 0 at the end, undefined where a writer has not written yet. */
async function readSome(file: FileHandle, bytes: Buffer, at: number): Promise<number | undefined> {
  try {
    return (await file.read(bytes, at, bytes.length - at, null)).bytesRead;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    throw refused('--password-file', 'unreadable', code);
  }
}
