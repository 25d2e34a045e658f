/**
 * Characters that a terminal obeys instead of showing: C0 and C1 controls, DEL, line and paragraph separators,
 * and those that turn the direction of text.
 */
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Characters of a stored value that are shown at most. */
const SHOWN = 200;

/** A stored value as it may be shown: on one line, of bounded length, with nothing that a terminal obeys. */
export function harmless(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const clean = text.slice(0, SHOWN * 4).replace(OBEYED, '\ufffd');
  const characters = [...clean];
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN - 1).join('')}…` : clean;
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
