const BEGIN = '# >>> airbnb completion >>>';
const END = '# <<< airbnb completion <<<';

/**
 * A start-up file of a shell with our lines between two marks: in the place of earlier ones, or else at the end behind
 * a blank line.
 * @param text the file; undefined where there is none
 */
export function withBlock(text: string | undefined, lines: readonly string[]): string {
  const block = [BEGIN, ...lines, END, ''].join('\n');
  const found = text === undefined ? undefined : findBlock(text);
  if (found) return `${found.before}${block}${found.after}`;
  return text === undefined ? block : `${text}\n${block}`;
}

/**
 * The file as it was before {@link withBlock}, byte for byte.
 * @returns undefined where nothing is left of a file that was made for the block alone
 */
export function withoutBlock(text: string): string | undefined {
  const { before, after } = findBlock(text) ?? {};
  if (before === undefined || after === undefined) return text;
  if (before === '' && after === '') return undefined;
  // The line end before the block is ours, unless the last line of the file had none and more was written behind.
  const isOurs = before === '\n' || before.endsWith('\n\n') || after === '';
  return (isOurs ? before.slice(0, -1) : before) + after;
}

function findBlock(text: string): { before: string; after: string } | undefined {
  const begin = new RegExp(`^${BEGIN}$`, 'm').exec(text)?.index;
  if (begin === undefined) return undefined;
  const end = new RegExp(`^${END}\\n?`, 'm').exec(text.slice(begin));
  if (!end) return undefined;
  return { before: text.slice(0, begin), after: text.slice(begin + end.index + end[0].length) };
}
