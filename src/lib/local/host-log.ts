import { appendFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolders } from '../make-folders.ts';

/** A log that grows beyond this is set aside as `<name>.old`, in place of an older one. Bytes. */
const largestLog = 128 * 1024;

/** Longest line, in characters. */
const longestLine = 500;

/**
 * What a host tells about its life: when it began and ended and why. Nothing of what clients send or
 * receive is ever written.
 */
export class HostLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Adds a line. A log that cannot be written stops nobody from signing in. */
  write(text: string): void {
    const line = text.replace(/\s+/g, ' ').slice(0, longestLine);
    try {
      makeFolders(dirname(this.#path));
      const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
      if (size > largestLog) renameSync(this.#path, `${this.#path}.old`);
      appendFileSync(this.#path, `${new Date().toISOString()} ${process.pid} ${line}\n`, { mode: 0o600 });
    } catch {
      // As said above.
    }
  }
}
