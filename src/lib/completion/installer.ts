import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { withBlock, withoutBlock } from './marked-block.ts';
import type { CompletionPlaces } from './places.ts';

/** What happened to a file. */
export interface Change {
  readonly path: string;
  /** `cleared`: our lines were taken out of it. */
  readonly what: 'written' | 'unchanged' | 'removed' | 'cleared' | 'absent';
}

/** A file as it is to become; without a text it is to go. */
interface Target {
  readonly path: string;
  readonly text: string | undefined;
}

interface Plan extends Target {
  /** What that is called where it changes the file, and where the file is like that already. */
  readonly change: Change['what'];
  readonly same: Change['what'];
}

/** How a script of ours begins, so that one of somebody else's is left alone. */
const OURS = /^(#compdef airbnb\n)?# Completion of airbnb for /;

/** Files of the user's are read and written as bytes, one a character: not all of them are UTF-8. */
const BYTES = 'latin1';
const toBytes = (text: string) => Buffer.from(text).toString(BYTES);

/** Bits of a file that anybody may write to. */
const WRITABLE = 0o222;

/**
 * Puts the script where the shell looks, and its lines into the shell's start-up file where it needs any. A second time
 * changes nothing. All files are looked at before the first is written.
 * @throws AppError `completion_file_unusable`
 */
export function installCompletion(script: string, { file, startUp }: CompletionPlaces): Change[] {
  const put = { change: 'written', same: 'unchanged' } as const;
  const plans: Plan[] = [{ path: file, text: toBytes(script), ...put }];
  if (startUp) {
    const { path, lines } = startUp;
    plans.push({ path, text: withBlock(readText(path), lines.map(toBytes)), ...put });
  }
  return carryOut(plans, file);
}

/**
 * Takes away what {@link installCompletion} put, and leaves the rest byte for byte.
 * @throws AppError `completion_file_unusable`
 */
export function uninstallCompletion({ file, startUp }: CompletionPlaces): Change[] {
  const plans: Plan[] = [{ path: file, text: undefined, change: 'removed', same: 'absent' }];
  const text = startUp && readText(startUp.path);
  if (startUp && text !== undefined) {
    const rest = withoutBlock(text);
    const change = rest === undefined ? 'removed' : 'cleared';
    plans.unshift({ path: startUp.path, text: rest, change, same: 'absent' });
  }
  return carryOut(plans, file);
}

function carryOut(plans: readonly Plan[], script: string): Change[] {
  const looked = plans.map((plan) => ({ ...plan, old: readText(plan.path) }));
  for (const { path, text, old } of looked) {
    if (path === script && old !== undefined && !OURS.test(old)) throw unusable(path, 'foreign');
    if (text !== old) refuseReadOnly(path);
  }
  const done: Target[] = [];
  try {
    return looked.map(({ path, text, old, change, same }) => {
      if (text === old) return { path, what: same };
      put({ path, text });
      done.push({ path, text: old });
      return { path, what: change };
    });
  } catch (error) {
    for (const target of done) putBack(target);
    throw error;
  }
}

/** Replaces a file as a whole, or the one that a link leads to; the link stays, and so do the rights. */
function put({ path, text }: Target): void {
  try {
    if (text === undefined) {
      rmSync(path, { force: true }); // of a link the link alone
      return;
    }
    makeFolders(dirname(path));
    const target = existsSync(path) ? realpathSync(path) : path;
    const temporary = `${target}.airbnb-${process.pid}.tmp`;
    try {
      const old = statSync(target, { throwIfNoEntry: false });
      writeFileSync(temporary, text, { encoding: BYTES, flag: 'wx', mode: 0o644 });
      if (old) keepOwnerAndRights(temporary, old);
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (error) {
    throw unusable(path, 'unwritable', error);
  }
}

function keepOwnerAndRights(file: string, { uid, gid, mode }: Stats): void {
  const now = statSync(file);
  if (now.uid !== uid || now.gid !== gid) chownSync(file, uid, gid);
  chmodSync(file, mode & 0o7777);
}

function putBack(target: Target): void {
  try {
    put(target);
  } catch {
    // The first failure is the one to tell.
  }
}

/** Root may write to what is read-only: whoever made it so meant it all the same. */
function refuseReadOnly(path: string): void {
  const stats = statsOf(path);
  if (stats && (stats.mode & WRITABLE) === 0) throw unusable(path, 'read_only');
}

function readText(path: string): string | undefined {
  const stats = statsOf(path);
  if (!stats) {
    if (lstatSync(path, { throwIfNoEntry: false })) throw unusable(path, 'dangling');
    return undefined;
  }
  if (!stats.isFile()) throw unusable(path, 'not_a_file');
  try {
    return readFileSync(path, BYTES);
  } catch (error) {
    throw unusable(path, 'unwritable', error);
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, 'unwritable', error);
  }
}

function unusable(path: string, problem: string, error?: unknown): AppError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return new AppError('completion_file_unusable', { path, problem, ...(code ? { code } : {}) });
}
