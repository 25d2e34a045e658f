import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { AppError } from '../errors.ts';
import type { Settings } from '../settings.ts';

/** What seals the token file: 32 bytes. */
export type TokenKey = Buffer;

const KEY = 'AIRBNB_TOKEN_KEY';
const KEY_FILE = 'AIRBNB_TOKEN_KEY_FILE';

/** 32 bytes in base64, of either alphabet, with or without padding. */
const ENCODED = /^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/;
/** A larger file holds something else. */
const MAX_BYTES = 1024;
const GROUP_OR_OTHERS = 0o077;
const MORE_THAN_READING_BY_THE_GROUP = 0o037;

/**
 * The key that AIRBNB_TOKEN_KEY holds, or the file that AIRBNB_TOKEN_KEY_FILE names.
 * @returns undefined where neither is set: the token file is a plain one
 * @throws AppError `conflicting_settings` where both are; `invalid_setting` for anything but 32 bytes in base64, and
 *   for a file that cannot be read or that is not safe
 */
export function readTokenKey(settings: Settings): TokenKey | undefined {
  const encoded = settings.get(KEY);
  const path = settings.get(KEY_FILE);
  if (encoded !== undefined && path !== undefined) {
    throw new AppError('conflicting_settings', { settings: `${KEY}, ${KEY_FILE}`, problem: 'two_keys' });
  }
  if (encoded !== undefined) return decode(encoded, KEY);
  return path === undefined ? undefined : decode(readKeyFile(path), KEY_FILE);
}

/** Less a line end, which an editor or a secret store may have added. */
function decode(text: string, setting: string): TokenKey {
  const encoded = text.replace(/\r?\n$/, '');
  const key = Buffer.from(encoded, 'base64');
  // What ends in bits that belong to no byte was not written by an encoder: a character got lost or was mistyped.
  const isWhole = key.toString('base64url') === encoded.replace('=', '').replace(/[+/]/g, urlSafe);
  if (ENCODED.test(encoded) && isWhole) return key;
  throw invalid(setting, setting === KEY ? 'not_a_key' : 'no_key_in_file');
}

function urlSafe(character: string): string {
  return character === '+' ? '-' : '_';
}

/**
 * Reads it through one descriptor, so that what is checked is what is read. Links are followed, other than to the token
 * file: secrets of Kubernetes are links, and where they lead is checked.
 */
function readKeyFile(path: string): string {
  let descriptor: number;
  try {
    // O_NONBLOCK: a FIFO in its place must not hold us up.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    throw invalid(KEY_FILE, 'unreadable_file');
  }
  try {
    const stats = fstatSync(descriptor);
    if (!isSafe(stats)) throw invalid(KEY_FILE, 'unsafe_key_file');
    if (stats.size > MAX_BYTES) throw invalid(KEY_FILE, 'no_key_in_file');
    const buffer = Buffer.alloc(MAX_BYTES);
    return buffer.toString('latin1', 0, readSync(descriptor, buffer));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A regular file, ours and closed to others. One of root's may also be read by its group, as Kubernetes gives secrets to
 * whoever is not root: root could read and write it in any case.
 */
function isSafe(stats: Stats): boolean {
  if (!stats.isFile()) return false;
  if (stats.uid === process.getuid?.()) return (stats.mode & GROUP_OR_OTHERS) === 0;
  return stats.uid === 0 && (stats.mode & MORE_THAN_READING_BY_THE_GROUP) === 0;
}

function invalid(setting: string, problem: string): AppError {
  return new AppError('invalid_setting', { setting, problem });
}
