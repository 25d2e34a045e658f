import { type CommandId, commandIds } from './command-table.ts';
import { BIN, type Launch, VERSION } from './launch.ts';
import { AppError } from './lib/errors.ts';
import { ExitCode } from './lib/exit-codes.ts';
import { countGlobalFlags, isHelpFlag, isJsonFlag } from './lib/flag-words.ts';
import { detectLanguage } from './lib/i18n/language.ts';
import { ownWords } from './lib/own-words.ts';
import { print } from './lib/ui/output.ts';

/** What the scripts of completion call; no command, so that no help and no list has it. */
const TAB = '__complete';

/**
 * Finds the command in the arguments and runs it, or shows help or the version. Sets the exit code; never throws.
 * @param argv what was typed after `airbnb`
 */
export async function main(argv: string[], launch: Launch): Promise<void> {
  if (argv[0] === TAB) {
    const { answerTab } = await import('./run-command.ts');
    return answerTab(argv.slice(1), launch);
  }
  process.on('uncaughtException', (error) => void endUncaught(error, argv));
  try {
    await dispatch(argv, launch);
  } catch (error) {
    await fail(error, argv);
  }
}

async function dispatch(argv: string[], launch: Launch): Promise<void> {
  const count = countGlobalFlags(argv);
  const [globals, rest] = [argv.slice(0, count), argv.slice(count)];
  const command = findCommand(rest);
  if (command && !asksForHelp(rest)) {
    const { runCommand } = await import('./run-command.ts');
    await runCommand(command.id, [...globals, ...command.rest], launch);
    return;
  }
  const [first = ''] = rest;
  if (['--version', '-v', 'version'].includes(first)) {
    if (isJson(argv)) throw new AppError('json_refused', { flag: '--json', command: first });
    print(`${BIN}/${VERSION}\n`);
    return;
  }
  const { readHelpRequest } = await import('./lib/help-request.ts');
  const subject = readHelpRequest(argv, command?.id.split(':'));
  const { showHelpAbout } = await import('./whole-oclif.ts');
  await showHelpAbout(subject, launch.stock ?? { root: launch.root });
}

/** A command that was found, and the arguments that are its own. */
interface FoundCommand {
  readonly id: CommandId;
  readonly rest: string[];
}

/** The longest run of words at the beginning that names a command. */
function findCommand(argv: string[]): FoundCommand | undefined {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    const found = commandIds.find((each) => each === id);
    if (found) return { id: found, rest: argv.slice(count) };
  }
  return undefined;
}

function asksForHelp(argv: string[]): boolean {
  return argv[0] === 'help' || ownWords(argv).some(isHelpFlag);
}

function isJson(argv: string[]): boolean {
  return ownWords(argv).some(isJsonFlag);
}

/** What fails outside of a command: an unknown command, and bugs. */
async function fail(error: unknown, argv: string[]): Promise<void> {
  const { reportFailure } = await import('./lib/ui/report-failure.ts');
  const language = detectLanguage(process.env);
  await reportFailure(error, {
    command: '',
    language,
    json: isJson(argv),
  });
}

/** What nobody caught: stderr that broke, or a bug. Node would print the error with all that it holds. */
async function endUncaught(error: NodeJS.ErrnoException, argv: string[]): Promise<void> {
  try {
    if (error.syscall !== 'write') await fail(error, argv);
  } finally {
    // A reader that has gone is no fault, but what it would have read may be one.
    process.exit(process.exitCode ?? (error.code === 'EPIPE' ? ExitCode.done : ExitCode.failed));
  }
}
