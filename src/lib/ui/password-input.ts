import { fstatSync, readSync } from 'node:fs';
import { AppError } from '../errors.ts';
import type { PasswordSource } from './password-flags.ts';
import { MAX_BYTES, PATIENCE, type PasswordFlagName, refused } from './password-refusal.ts';

/** What is told beside the password. */
export interface PasswordInputEvents {
  /** Others can read the file. @param path as it was given */
  readonly onOpenFile: (path: string) => void;
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
  const bytes = path === undefined ? await readStdin() : await fileIn(path, onOpenFile);
  return decode(bytes, flagOf(flags)).replace(/\r?\n$/, '');
}

const flagOf = (flags: PasswordSource): PasswordFlagName =>
  flags['password-file'] === undefined ? '--password-stdin' : '--password-file';

/** A byte that is no UTF-8 would become another one, and the password another password. */
function decode(bytes: Buffer, flag: PasswordFlagName): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(flag, 'not_utf8');
  }
}

const STDIN = 0;

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // It is closed.
  }
}

function readAtOnce(descriptor: number): Buffer {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let size = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, size, bytes.length - size, null);
    if (count === 0) return bytes.subarray(0, size);
    size += count;
    if (size > MAX_BYTES) throw refused('--password-stdin', 'too_long');
  }
}

/** A file that the shell has opened is read at once; a stream of it would take Node some milliseconds. */
async function readStdin(): Promise<Buffer> {
  try {
    return isFile(STDIN) ? readAtOnce(STDIN) : await readStream();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw refused('--password-stdin', 'unreadable', (error as NodeJS.ErrnoException).code);
  }
}

/** By events: to make an iterator of a stream takes Node longer than the rest of it. */
async function readStream(): Promise<Buffer> {
  const { stdin } = process;
  // It would be shown while it is typed.
  if (stdin.isTTY) throw refused('--password-stdin', 'terminal');
  const late = setTimeout(() => stdin.destroy(refused('--password-stdin', 'late')), PATIENCE);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    await new Promise((resolve, reject) => {
      stdin.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_BYTES) stdin.destroy(refused('--password-stdin', 'too_long'));
      });
      stdin.once('end', resolve).once('error', reject);
    });
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks);
}

/** What reads files loads a lot, and is seldom needed. */
async function fileIn(path: string, onOpenFile: PasswordInputEvents['onOpenFile']): Promise<Buffer> {
  const { readPasswordFile } = await import('./password-file.ts');
  return readPasswordFile(path, onOpenFile);
}
