import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes; no file that we are pointed at has a reason to be larger. */
const MOST = 4 * 1024 * 1024;
/** Milliseconds that the other end of a pipe has. Nothing else can happen meanwhile, not even Ctrl-C. */
const PATIENCE = 2_000;
/** Milliseconds between two looks at a pipe in which there is nothing yet. */
const PAUSE = 10;

/**
 * The text of a file that a setting names. It may be a pipe, such as `<(...)` of a shell, but nothing in its place holds
 * us up: neither a pipe that nobody writes to nor a device without end.
 * @throws an error with a `code`, as Node's own: `EFBIG`, and `ETIMEDOUT` for a pipe whose writer is silent
 */
export function readFileInTime(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(descriptor);
    let bytes = Buffer.alloc(Math.min(stats.size, MOST) + 1);
    let length = 0;
    const started = Date.now();
    for (;;) {
      const count = readSome(descriptor, bytes, length);
      // At a pipe's end before anything came, its writer may come a moment later.
      const isEarly = count === 0 && length === 0 && stats.isFIFO();
      if (count === 0 && !isEarly) return bytes.toString('utf8', 0, length);
      length += count ?? 0;
      if (length > MOST) throw failure('EFBIG');
      if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, MOST) + 1);
      if (count) continue;
      if (Date.now() - started >= PATIENCE) throw failure('ETIMEDOUT');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** How many bytes there were: 0 at the end, undefined where a writer has not written yet. */
function readSome(descriptor: number, bytes: Buffer, at: number): number | undefined {
  try {
    return readSync(descriptor, bytes, at, bytes.length - at, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
