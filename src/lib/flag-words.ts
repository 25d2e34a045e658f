/*
 * Words of a command line that begin with a dash, as far as that can be told without the command that they are for.
 */

/** Those that every command takes and that may stand before it too, as in `airbnb --json whoami`. */
export const GLOBAL_FLAGS = ['json', 'strict', 'no-input'] as const;
const GLOBAL = new RegExp(`^--(${GLOBAL_FLAGS.join('|')})(=|$)`);

/** How many words at the beginning are flags of every command. */
export function countGlobalFlags(words: readonly string[]): number {
  const first = words.findIndex((word) => !GLOBAL.test(word));
  return first === -1 ? words.length : first;
}

export const isGlobalFlag = (word: string): boolean => GLOBAL.test(word);
export const isJsonFlag = (word: string): boolean => /^--json(=|$)/.test(word);
export const isHelpFlag = (word: string): boolean => word === '--help' || word === '-h';

/**
 * A flag as it was typed, less a value.
 * @returns undefined where it could be a secret: of one letter behind a single dash no more is repeated, as `-phunter2`
 *   is a password, as mysql takes it
 */
export function nameOfFlag(typed: string): string | undefined {
  const flag = typed.split('=')[0] as string;
  return /^(-[a-z]|--[a-z][a-z-]{0,30})$/i.test(flag) ? flag : undefined;
}
