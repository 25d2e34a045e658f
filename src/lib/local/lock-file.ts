import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import {
  currentPlace,
  isIdentity,
  ownIdentity,
  type ProcessIdentity,
  type ProcessState,
  stateOf,
} from './process-identity.ts';

/** Who holds a lock, as written in its file. */
export interface LockHolder extends ProcessIdentity {
  /** Different for every taking of the lock. */
  readonly nonce: string;
}

/** A lock that this process holds. */
export interface HeldLock {
  /** Tells other places (machines, containers), which cannot see this process, that it lives. */
  refresh(): void;
  /** Gives the lock back. Harmless when it is not ours any more. */
  release(): void;
}

/**
 * A holder in another place counts as alive for so long after its last `refresh`, in milliseconds. Holders
 * that keep a lock for longer than a few seconds refresh it several times as often.
 */
export const foreignLeaseMs = 30_000;

/**
 * Takes a lock: a file that names its holder and that only one process can create.
 *
 * The lock of a holder that is gone is broken, which is itself done under a lock named after that one taking:
 * only who has it may remove the file, and only while it still is that taking's. So two processes that find
 * the same stale lock can never remove each other's new one.
 * @returns the lock, or undefined while somebody else has it.
 * @throws the error of the file system when the file cannot be written.
 */
export function tryLock(path: string): HeldLock | undefined {
  const current = readLock(path);
  if (current !== undefined) {
    if (holderState(path, current) !== 'gone') return undefined;
    const breaking = tryLock(`${path}.${current.nonce}`);
    if (breaking === undefined) return undefined;
    try {
      if (readLock(path)?.nonce === current.nonce) unlinkSync(path);
    } finally {
      breaking.release();
    }
  }
  const holder: LockHolder = { ...ownIdentity(), nonce: randomBytes(8).toString('hex') };
  return createWhole(path, JSON.stringify(holder)) ? heldLock(path, holder) : undefined;
}

/** Who has the lock, dead or alive, or undefined if nobody. */
export function readLock(path: string): LockHolder | undefined {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const holder = JSON.parse(content) as Partial<LockHolder>;
    if (isIdentity(holder) && /^[0-9a-f]+$/.test(holder.nonce ?? '')) return holder as LockHolder;
  } catch {
    // Handled as any other file that is not a lock.
  }
  // A lock appears whole, so this one was damaged by a crash of the machine: its holder is gone.
  return { pid: 0, startTime: '', place: currentPlace(), nonce: 'damaged' };
}

/** Whether the holder of a lock lives; `elsewhere` if it does so where it cannot be looked at or signalled. */
export function holderState(path: string, holder: ProcessIdentity): ProcessState | 'elsewhere' {
  if (holder.place === currentPlace()) return stateOf(holder);
  try {
    return Date.now() - statSync(path).mtimeMs < foreignLeaseMs ? 'elsewhere' : 'gone';
  } catch {
    return 'gone';
  }
}

function heldLock(path: string, holder: LockHolder): HeldLock {
  const ours = () => readLock(path)?.nonce === holder.nonce;
  return {
    refresh: () => {
      const now = new Date();
      if (ours()) utimesSync(path, now, now);
    },
    release: () => {
      if (ours()) rmSync(path, { force: true });
    },
  };
}

/** Creates a file together with its content, so that nobody ever reads half of it. False if it exists. */
function createWhole(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(draft, content, { flag: 'wx', mode: 0o600 });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
