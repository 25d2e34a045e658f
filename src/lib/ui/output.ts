import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { AppError } from '../errors.ts';
import { ExitCode } from '../exit-codes.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Milliseconds until a pipe that is full, and that somebody made non-blocking, is tried again. */
const FULL_PIPE_PAUSE = 5;

/**
 * Prints on stdout, and has printed it when it returns. The stream that Node would make of stdout takes a millisecond,
 * and so does waiting for it to drain.
 * @throws AppError `output_unwritable`; a reader that has gone ends the process instead, with the exit code that it
 *   has so far: `airbnb sessions list | head -1` is no error
 */
export function print(text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(STDOUT, bytes, written);
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(process.exitCode ?? ExitCode.done);
      if (code !== 'EAGAIN') throw new AppError('output_unwritable', { code });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE);
    }
  }
}

/**
 * Says something on a stderr that another program has too, which must not be disturbed: Node's own stream would make it
 * non-blocking for both. What cannot be said is lost.
 */
export function printBesides(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // Full, or nobody reads it: nothing that anybody could be told.
  }
}

/** Whether stdout is a terminal. Asked of the system, for `process.stdout.isTTY` makes the stream. */
export const printsOnTerminal = (): boolean => isatty(STDOUT);

/** The same of stdin. */
export const readsTerminal = (): boolean => isatty(STDIN);
