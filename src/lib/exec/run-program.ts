import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { leaveSignalsToOthers } from '../end-on-signals.ts';
import { AppError } from '../errors.ts';
import { isInForeground } from './foreground.ts';
import { Program } from './program.ts';

/** Signals that are not meant for the program when we are sent them; all others that Node can name are. */
const OUR_OWN: ReadonlySet<string> = new Set([
  ...['SIGKILL', 'SIGSTOP'], // nobody can catch these
  ...['SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGSYS', 'SIGEMT'], // our own faults
  ...['SIGCHLD', 'SIGPIPE', 'SIGXFSZ', 'SIGPROF'], // about our own children, our own writing, Node's profiler
  ...['SIGTSTP', 'SIGTTIN', 'SIGTTOU'], // by which terminals stop both
]);

/** Those that a terminal or its shell sends to all processes in the foreground: the program has had them already. */
const SENT_TO_FOREGROUND: ReadonlySet<string> = new Set([
  'SIGINT',
  'SIGQUIT',
  'SIGWINCH',
  'SIGCONT',
  'SIGINFO',
]);

/**
 * Runs a program to its end, on our own stdin, stdout and stderr and without a shell. Signals that we are sent are
 * passed on to it, and from here on none of them ends us. Ctrl-Z works as ever: the system stops and continues us both.
 * @param words the program, looked for in PATH, and its arguments
 * @param environment all of its variables
 * @returns its exit code, and 128 + n where signal n ended it, as shells have it
 * @throws AppError `not_found` or `not_executable` where it did not start
 */
export async function runProgram(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [program = ''] = words;
  if (program === '') throw failureOf('ENOENT', "''");
  // Before it starts, and before nobody listens: a signal without a listener would end us.
  const running = new Program(words, environment);
  for (const signal of passedOn()) process.on(signal, () => passOn(signal, running));
  leaveSignalsToOthers();
  try {
    return await running.ended;
  } catch (error) {
    throw failureOf((error as NodeJS.ErrnoException).code ?? 'unknown', program);
  }
}

/** Some have two names, of which one is enough. */
function passedOn(): NodeJS.Signals[] {
  const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
  return [...names.values()].filter((name) => !OUR_OWN.has(name)) as NodeJS.Signals[];
}

function passOn(signal: NodeJS.Signals, program: Program): void {
  if (SENT_TO_FOREGROUND.has(signal) && isInForeground()) return;
  program.kill(signal);
}

function failureOf(code: string, program: string): AppError {
  // A file that is there and "not found" lacks what its first line names.
  const isMissing = code === 'ENOENT' && !(program.includes('/') && existsSync(program));
  return isMissing || code === 'ENOTDIR'
    ? new AppError('not_found', { program })
    : new AppError('not_executable', { program, code });
}
