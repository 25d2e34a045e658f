import { closeSync } from 'node:fs';
import { ExitCode } from '../exit-codes.ts';
import { detectLanguage } from '../i18n/language.ts';
import { print } from '../ui/output.ts';
import { parseBashLine } from './bash-line.ts';
import { findLiveSessions } from './live-sessions.ts';
import { type Offer, offerFor, type Typed } from './offers.ts';
import { replyText } from './reply.ts';
import { isShell, type Shell } from './shells.ts';

const STDOUT = 1;

/**
 * Answers TAB: what the scripts in `completions/` call, behind a name that no help mentions. Whatever goes wrong, it
 * prints nothing and ends the process with 0: somebody is in the middle of a line.
 * @param args the shell, and for bash the line up to the cursor and the word that bash itself is completing, else
 *   the words behind `airbnb` up to the cursor
 * @param packageRoot folder of the package's own package.json
 */
export async function answerTab(args: readonly string[], packageRoot: string): Promise<never> {
  process.on('uncaughtException', leave);
  try {
    const [shell, ...rest] = args;
    if (isShell(shell)) print(await answerFor(shell, rest, packageRoot));
  } catch {
    // The command itself will say it.
  }
  return leave();
}

async function answerFor(shell: Shell, args: readonly string[], packageRoot: string): Promise<string> {
  const environment = process.env;
  const find = async ({ words, current }: Typed): Promise<Offer> =>
    offerFor({ words, current }, detectLanguage(environment), (prefix) =>
      findLiveSessions(prefix, { environment, packageRoot }),
    );
  if (shell !== 'bash')
    return replyText(await find({ words: args.slice(0, -1), current: args.at(-1) ?? '' }), shell);
  const [line = '', completed = ''] = args;
  const typed = parseBashLine(line);
  const offer: Offer = typed.isRedirection ? { kind: 'files' } : await find(typed);
  return replyText(offer, shell, keptByBash(typed.current, completed));
}

/** bash breaks words at `=` and `:` and completes only what comes behind. */
function keptByBash(current: string, completed: string): number {
  const own = parseBashLine(`airbnb ${completed}`).current;
  return current.endsWith(own) ? current.length - own.length : 0;
}

/** The scripts wait for the end of our output. The process itself cannot end while a name is being looked up. */
function leave(): never {
  try {
    closeSync(STDOUT);
  } catch {
    // Nobody was there to read.
  }
  process.exit(ExitCode.done);
}
