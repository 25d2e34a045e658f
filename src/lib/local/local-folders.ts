import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';

/** Longest path of a socket in bytes. Systems cut at 104 to 108, and Node 20 does so without a word. */
const longestSocketPath = 100;

/** Where the two engines answer. */
export interface SocketPaths {
  readonly redis: string;
  /** Named as PostgreSQL's clients expect it: they are given its folder and the port 5432. */
  readonly postgres: string;
}

/** First 8 hex digits of the SHA-256 of a data folder's absolute path: it names its sockets and its server. */
export function folderIdOf(dataFolder: string): string {
  return createHash('sha256').update(resolve(dataFolder)).digest('hex').slice(0, 8);
}

/**
 * The folder for the sockets of one data folder, which is made if need be: in `XDG_RUNTIME_DIR` if that is
 * ours, else below `/tmp`.
 * @throws AppError `local_folder_unsafe`.
 */
export function makeSocketFolder(folderId: string, env: NodeJS.ProcessEnv = process.env): string {
  const runtimeFolder = env.XDG_RUNTIME_DIR;
  // After `su` the variable may still name the folder of somebody else.
  const parent =
    runtimeFolder !== undefined && isOurFolder(runtimeFolder)
      ? join(resolve(runtimeFolder), 'airbnb')
      : `/tmp/airbnb-${ownUid()}`;
  const folder = join(parent, folderId);
  socketPathsIn(folder);
  makePrivateFolder(parent);
  makePrivateFolder(folder);
  return folder;
}

/**
 * The paths of both sockets in a folder.
 * @throws AppError `local_folder_unsafe` where one is longer than sockets allow.
 */
export function socketPathsIn(folder: string): SocketPaths {
  const paths = { redis: join(folder, 'redis.sock'), postgres: join(folder, '.s.PGSQL.5432') };
  for (const path of Object.values(paths)) {
    if (Buffer.byteLength(path) > longestSocketPath) throw unsafe(path, 'too_long');
  }
  return paths;
}

/**
 * Makes a folder that only its owner can enter, or checks that an existing one is so.
 * @throws AppError `local_folder_unsafe`, or the file system's error.
 */
export function makePrivateFolder(path: string): void {
  makeFolders(path);
  checkPrivateFolder(path);
}

/**
 * Checks that a folder is a real one, ours, and closed to everybody else.
 * @returns false if there is none.
 * @throws AppError `local_folder_unsafe`.
 */
export function checkPrivateFolder(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isSymbolicLink()) throw unsafe(path, 'symlink');
  if (!stat.isDirectory()) throw unsafe(path, 'not_a_folder');
  if (stat.uid !== ownUid()) throw unsafe(path, 'owner');
  if ((stat.mode & 0o077) !== 0) throw unsafe(path, 'mode');
  return true;
}

/**
 * Checks that a socket lies in a folder of ours that is closed to others, as does that folder itself.
 * @returns false if the socket or its folder is not there.
 * @throws AppError `local_folder_unsafe`.
 */
export function checkSocket(path: string): boolean {
  const folder = dirname(path);
  if (!checkPrivateFolder(dirname(folder)) || !checkPrivateFolder(folder)) return false;
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function isOurFolder(path: string): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === ownUid();
  } catch {
    return false;
  }
}

function ownUid(): number {
  return process.getuid?.() ?? -1;
}

/** Problems: `symlink`, `not_a_folder`, `owner`, `mode` (open to others), `too_long` (a socket's path). */
function unsafe(path: string, problem: string): AppError {
  return new AppError('local_folder_unsafe', { path, problem });
}
