import { execFile } from 'node:child_process';
import { appendFile, mkdir, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small file system of one's own, which can be made full or read-only: root minds no permissions. */
export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes a folder and mounts one over it; whoever asked unmounts it.
   * @returns undefined where that is not allowed: only root may, and not in every container
   */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk | undefined> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', folder]);
    } catch {
      return undefined;
    }
    return new SmallDisk(folder);
  }

  /** Leaves not a byte. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    await appendFile(this.#filler, Buffer.alloc(bavail * bsize));
  }

  async makeRoom(): Promise<void> {
    await rm(this.#filler);
  }

  async allowWrites(areAllowed: boolean): Promise<void> {
    await run('mount', ['-o', `remount,${areAllowed ? 'rw' : 'ro'}`, this.#folder]);
  }

  /** Even where something still uses it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['-l', this.#folder]);
  }

  get #filler(): string {
    return path.join(this.#folder, 'filler');
  }
}
