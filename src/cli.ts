import type { Interfaces } from '@oclif/core';
import { version } from '../package.json';
import { commandTable } from './command-table.ts';
import { keepCallersDebug } from './lib/callers-debug.ts';
import { endOnSignals } from './lib/end-on-signals.ts';
import { AppError } from './lib/errors.ts';
import { ExitCode } from './lib/exit-codes.ts';
import { countGlobalFlags, isHelpFlag, isJsonFlag } from './lib/flag-words.ts';
import { detectLanguage } from './lib/i18n/language.ts';
import { lightConfig } from './lib/oclif-config.ts';
import { ownWords } from './lib/own-words.ts';
import { print } from './lib/ui/output.ts';

const BIN = 'airbnb';
/** What the scripts of completion call; no command, so that no help and no list has it. */
const TAB = '__complete';

/** Where the program is, and how it starts its commands. */
export interface Launch {
  /** Folder of the package's own package.json. */
  readonly root: string;
  /** DEBUG as it was before it was taken out of the environment. */
  readonly debug: string | undefined;
  /** How stock oclif is to find the commands, where it is to run them: in development. */
  readonly stock?: Interfaces.LoadOptions;
}

/**
 * Finds the command in the arguments and runs it, or shows help or the version. Sets the exit code; never throws.
 * @param argv what was typed after `airbnb`
 */
export async function main(argv: string[], launch: Launch): Promise<void> {
  if (argv[0] === TAB) {
    const { answerTab } = await import('./lib/completion/tab.ts');
    return answerTab(argv.slice(1), launch.root);
  }
  keepCallersDebug(launch.debug);
  endOnSignals();
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
    await run({ id: command.id, rest: [...globals, ...command.rest] }, launch);
    return;
  }
  const [first = ''] = rest;
  if (['--version', '-v', 'version'].includes(first)) {
    if (isJson(argv)) throw new AppError('json_refused', { flag: '--json', command: first });
    print(`${BIN}/${version}\n`);
    return;
  }
  const { readHelpRequest } = await import('./lib/help-request.ts');
  const subject = readHelpRequest(argv, command?.id.split(':'));
  const { showHelpAbout } = await import('./whole-oclif.ts');
  await showHelpAbout(subject, launch.stock ?? { root: launch.root });
}

/** A command that was found, and the arguments that are its own. */
interface FoundCommand {
  readonly id: keyof typeof commandTable;
  readonly rest: string[];
}

async function run({ id, rest }: FoundCommand, launch: Launch): Promise<void> {
  if (launch.stock) {
    const { runStock } = await import('./whole-oclif.ts');
    await runStock(id, rest, launch.stock);
    return;
  }
  const CommandClass = commandTable[id];
  CommandClass.id = id;
  await CommandClass.start(rest, lightConfig(launch.root, BIN, version));
}

/** The longest run of words at the beginning that names a command. */
function findCommand(argv: string[]): FoundCommand | undefined {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    if (Object.hasOwn(commandTable, id)) return { id: id as FoundCommand['id'], rest: argv.slice(count) };
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
