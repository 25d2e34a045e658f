/** A mistake for every so many letters is a slip of the fingers; more is another word. */
const LETTERS_FOR_A_MISTAKE = 3;
/** The beginning of a flag that is long enough to mean it. */
const MEANINGFUL = 3;

/**
 * The command or topic that somebody may have meant.
 * @param typed the words that were typed, with or without arguments behind them
 * @param names what there is, each as it is typed: `sessions list`
 * @returns the name with the most words that are all near, or the only one that ends with the word
 */
export function nearestCommand(typed: readonly string[], names: readonly string[]): string | undefined {
  const words = typed.flatMap((word) => word.toLowerCase().split(':'));
  const ranked = names
    .map((name) => ({ name, parts: name.split(' ') }))
    .filter(({ parts }) => parts.every((part, index) => isNear(words[index] ?? '', part)))
    .map(({ name, parts }) => ({
      name,
      parts,
      mistakes: distance(words.slice(0, parts.length).join(' '), name),
    }))
    .sort((a, b) => b.parts.length - a.parts.length || a.mistakes - b.mistakes);
  if (ranked[0]) return ranked[0].name;
  const endings = names.filter((name) => name.endsWith(` ${words[0]}`));
  return endings.length === 1 ? endings[0] : undefined;
}

/**
 * The flag that somebody may have meant.
 * @param typed with its dashes, without a value
 * @param names what there is, without dashes
 * @returns the flag with its dashes
 */
export function nearestFlag(typed: string, names: readonly string[]): string | undefined {
  const word = typed.toLowerCase().replace(/^-+/, '');
  const near = names
    .filter((name) => isNear(word, name) || (word.length >= MEANINGFUL && name.startsWith(word)))
    .sort((a, b) => distance(word, a) - distance(word, b));
  return near[0] && `--${near[0]}`;
}

/** The variable that somebody may have meant. @param names all that there are, `AIRBNB_` before each */
export function nearestVariable(typed: string, names: readonly string[]): string | undefined {
  // What all begin with says nothing of which is meant.
  const own = (name: string) => name.replace(/^AIRBNB_/, '');
  const near = names
    .filter((name) => isNear(own(typed), own(name)))
    .sort((a, b) => distance(typed, a) - distance(typed, b));
  return near[0];
}

function isNear(typed: string, word: string): boolean {
  return distance(typed, word) <= Math.max(1, Math.floor(word.length / LETTERS_FOR_A_MISTAKE));
}

/**
 * How many letters have to be added, taken away, replaced or swapped with their neighbour. A few lines, for the libraries
 * that there are take a swap, the most common slip, for two mistakes.
 */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const ways = [
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
      ];
      if (isSwap) ways.push(at(row - 2, column - 2) + 1);
      rows[row]?.push(Math.min(...ways));
    }
  }
  return at(from.length, to.length);
}
