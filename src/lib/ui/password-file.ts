import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { MAX_BYTES, PATIENCE, refused } from './password-refusal.ts';

/** The same where there is no writer at the other end of a named pipe, or not any more. */
const PATIENCE_WITHOUT_WRITER = 2_000;
/** Milliseconds between two looks at a pipe in which there is nothing yet. */
const PAUSE = 10;

/** The bits of a file's mode by which others can read it. */
const READABLE_BY_OTHERS = 0o044;

/** Milliseconds. */
export interface Patience {
  readonly writer: number;
  readonly noWriter: number;
}

/**
 * A file, or a pipe such as `/dev/stdin` and `<(...)`. Opened and read without waiting: what waits for the other end of
 * a pipe in there cannot be interrupted, not even by Ctrl-C.
 */
export async function readPasswordFile(path: string, onOpenFile: (path: string) => void): Promise<Buffer> {
  const flag = '--password-file';
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw refused(flag, 'unreadable', (error as NodeJS.ErrnoException).code);
  }
  try {
    const stats = fstatSync(file);
    const isPipe = stats.isFIFO();
    if (!stats.isFile() && !isPipe && !stats.isCharacterDevice()) throw refused(flag, 'not_a_file');
    if (isatty(file)) throw refused(flag, 'terminal');
    if (isOursAndOpen(stats)) onOpenFile(path);
    return await readToEnd(file, isPipe);
  } finally {
    closeSync(file);
  }
}

/** Where somebody else owns it, such as a secret that is mounted into a container, its permissions are their affair. */
function isOursAndOpen(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & READABLE_BY_OTHERS) !== 0 && stats.uid === process.getuid?.();
}

/**
 * @param file a descriptor that does not block
 * @param patience how long a pipe is waited for
 */
export async function readToEnd(
  file: number,
  isPipe: boolean,
  patience: Patience = { writer: PATIENCE, noWriter: PATIENCE_WITHOUT_WRITER },
): Promise<Buffer> {
  const flag = '--password-file';
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  const started = Date.now();
  let size = 0;
  for (;;) {
    const count = readSome(file, bytes, size);
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
function readSome(file: number, bytes: Buffer, at: number): number | undefined {
  try {
    return readSync(file, bytes, at, bytes.length - at, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    throw refused('--password-file', 'unreadable', code);
  }
}
