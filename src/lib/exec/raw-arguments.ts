import { readFileSync } from 'node:fs';

/** What Node puts in the place of bytes that are no UTF-8. It can be typed as well. */
const REPLACEMENT = '\ufffd';

/**
 * Whether Node handed us the last words of the command line as they are. It has no way to hand on bytes that are no
 * UTF-8: a program that were to delete the file of such a name would be given the name of another.
 * Where the system has no /proc, or that cannot be read, they are taken as they are.
 */
export function areAsTyped(words: readonly string[]): boolean {
  if (!words.some((word) => word.includes(REPLACEMENT))) return true;
  let line: Buffer;
  try {
    line = readFileSync('/proc/self/cmdline');
  } catch {
    return true;
  }
  const typed = line.subarray(0, -1).toString('latin1').split('\0').slice(-words.length);
  return words.every((word, index) => Buffer.from(word).toString('latin1') === typed[index]);
}
