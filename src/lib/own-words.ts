/**
 * The words of a command line that are the program's own. Those behind the first `--` are somebody else's: a `--json`
 * there is meant for another program.
 */
export function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
