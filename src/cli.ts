import { Config, type Interfaces } from '@oclif/core';
import { describeFailure, toAppError } from './lib/command-failure.ts';
import { AppError, type ErrorParams } from './lib/errors.ts';
import { ExitCode } from './lib/exit-codes.ts';
import { detectLanguage } from './lib/i18n/language.ts';
import { sharedTexts } from './lib/i18n/shared-texts.ts';
import { trace } from './lib/trace.ts';
import { stringifyHarmless } from './lib/ui/terminal-text.ts';
import { loadTheme } from './lib/ui/theme.ts';

export { commandTable } from './command-table.ts';

/**
 * Finds the command in the arguments and runs it, or shows help or the version. Sets the exit code; never throws.
 * @param argv what was typed after `airbnb`
 * @param options where the package is, as oclif takes it: `{ root }`
 */
export async function main(argv: string[], options: Interfaces.LoadOptions): Promise<void> {
  endOnSignals();
  endOnBrokenStreams();
  process.on('uncaughtException', (error) => void fail(error, argv).finally(() => process.exit()));
  try {
    await dispatch(argv, await Config.load(options));
  } catch (error) {
    await fail(error, argv);
  }
}

async function dispatch(argv: string[], config: Config): Promise<void> {
  if (argv[0] === '--version' || argv[0] === '-v' || argv[0] === 'version') {
    process.stdout.write(`${config.bin}/${config.version}\n`);
    return;
  }
  const { id, rest } = findCommand(argv, config);
  if (id !== undefined && !asksForHelp(argv)) {
    await config.runCommand(id, rest);
    return;
  }
  const [first] = argv;
  if (first?.startsWith('-') && !asksForHelp(argv)) throw new AppError('unknown_flag', { command: '' });
  const subject = id?.split(':') ?? argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const { showHelp } = await import('./lib/i18n/help.ts');
  if (!(await showHelp(subject, config))) throw new AppError('unknown_command', nameOf(subject));
}

/** The command as it was typed, unless it could be a secret in the wrong place. */
function nameOf(words: string[]): ErrorParams {
  const command = words.join(' ');
  return /^[a-z][a-z -]{0,39}$/i.test(command) ? { command } : {};
}

/** The longest run of words at the beginning that names a command. */
function findCommand(argv: string[], config: Config): { id?: string; rest: string[] } {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    if (config.findCommand(id)) return { id, rest: argv.slice(count) };
  }
  return { rest: argv };
}

function asksForHelp(argv: string[]): boolean {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return argv[0] === 'help' || words.some((word) => word === '--help' || word === '-h');
}

/**
 * What fails outside of a command: an unknown command, and bugs. Those that nobody caught too: Node would print the
 * error with all that it holds, such as the arguments of a Redis command.
 */
async function fail(error: unknown, argv: string[]): Promise<void> {
  const language = detectLanguage(process.env);
  const failure = toAppError(error, '');
  if (failure.reason === 'internal') trace('internal', failure.cause ?? error);
  const json = describeFailure(failure, language);
  process.exitCode = failure.exitCode;
  if (argv.includes('--json')) {
    process.stdout.write(`${stringifyHarmless({ error: json })}\n`);
    return;
  }
  const theme = await loadTheme(process.env, process.stderr);
  process.stderr.write(`${theme.bad(`${sharedTexts[language].error}:`)} ${json.message}\n`);
  if (json.hint) process.stderr.write(`${json.hint}\n`);
}

/** Exit codes of our own for Ctrl-C and a polite end, so that scripts see the same ones everywhere. */
function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(ExitCode.interrupted));
  process.once('SIGTERM', () => process.exit(ExitCode.terminated));
}

/** In front of oclif's own listener, which throws what is no closed pipe. */
function endOnBrokenStreams(): void {
  process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
    // `airbnb sessions list | head -1` is no error.
    if (error.code === 'EPIPE') process.exit(ExitCode.done);
    const code = error.code ?? 'unknown';
    const { message, hint } = describeFailure(
      new AppError('output_unwritable', { code }),
      detectLanguage(process.env),
    );
    process.stderr.write(`${message}\n${hint}\n`);
    process.exit(ExitCode.failed);
  });
  process.stderr.prependListener('error', ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === 'EPIPE' ? ExitCode.done : ExitCode.failed);
  });
}
