/** What a line of bash means up to the cursor. */
export interface BashLine {
  /** Whole words behind the name of the command, without their quotes. */
  readonly words: readonly string[];
  /** The word that is being typed, as far as the cursor, without quotes. */
  readonly current: string;
  /** Whether that word is the file of a redirection. */
  readonly isRedirection: boolean;
}

/** A quoted part, an escaped character, an operator, white space, or a character of a word. */
const PARTS =
  /'([^']*)'?|\$'((?:[^'\\]|\\[\s\S])*)'?|\$?"((?:[^"\\]|\\[\s\S])*)"?|\\([\s\S]?)|(&>>?|\d*(?:<<<|<<|<&|<>|<|>>|>&|>\||>))|([;|&()\n])|([ \t]+)|([\s\S])/g;

/**
 * Takes a line of bash to pieces. Bash itself hands words over with their quotes and broken at `=` and `:`, and gives
 * no way to take the quotes off but to evaluate them, which would run a `$(...)` that somebody is about to type.
 * Nothing is expanded: a variable stays its name.
 */
export function parseBashLine(line: string): BashLine {
  let words: string[] = [];
  let word: string | undefined;
  let redirects = false;
  const endWord = () => {
    if (word !== undefined && !redirects && !(words.length === 0 && /^\w+\+?=/.test(word))) words.push(word);
    if (word !== undefined) redirects = false;
    word = undefined;
  };
  for (const part of line.matchAll(PARTS)) {
    const [, single, ansi, double, escaped, redirection, separator, space, character] = part;
    if (redirection !== undefined) {
      endWord();
      redirects = true;
    } else if (separator !== undefined) {
      endWord();
      words = [];
      redirects = false;
    } else if (space !== undefined) {
      endWord();
    } else {
      const quoted = double?.replace(/\\(["\\$`])/g, '$1');
      word = (word ?? '') + (single ?? ansi ?? quoted ?? escaped ?? character ?? '');
    }
  }
  return { words: words.slice(1), current: word ?? '', isRedirection: redirects };
}
