import { isSeen } from '../seen-text.ts';

/**
 * Characters that a terminal obeys instead of showing: C0 and C1 controls, DEL, line and paragraph separators,
 * those that turn the direction of text, and annotations between the lines.
 */
const OBEYED =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/** Characters of a stored value that are shown at most. */
const SHOWN = 200;

/**
 * A stored value as it may be shown: on one line, of bounded length, with nothing that a terminal obeys, and of each
 * letter with its first marks. One of which nothing would be seen is escaped.
 */
export function harmless(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const clean = visible(text.slice(0, SHOWN * 4).replace(OBEYED, '\ufffd'));
  const characters = [...clean];
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN - 1).join('')}…` : clean;
}

function visible(text: string): string {
  if (!isSeen(text)) return text.replace(/./gsu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
  return /[\u0300-\uffff]/.test(text) ? withoutPiles(text) : text;
}

/** More than some marks on one letter, and invisible joiners between them, run over the lines above and below. */
function withoutPiles(text: string): string {
  return text.replace(/([\p{M}\u200b-\u200d\u2060-\u2064]{4})[\p{M}\u200b-\u200d\u2060-\u2064]+/gu, '$1');
}

/**
 * A document as JSON in which nothing is left that a terminal obeys: JSON.stringify escapes C0 alone.
 * Shape: two spaces of indentation, no line end.
 */
export function stringifyHarmless(document: unknown): string {
  return JSON.stringify(document, null, 2).replace(/[\u007f-\uffff]/g, (character) =>
    character.search(OBEYED) === 0
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      : character,
  );
}
