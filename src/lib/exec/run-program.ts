import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { leaveSignalsToOthers } from '../end-on-signals.ts';
import { AppError } from '../errors.ts';
import { isInForeground } from './foreground.ts';

/** Signals that are meant for the program when we are sent them. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT', 'SIGWINCH'] as const;

/** Those that a terminal sends to all processes in its foreground: the program has had them already. */
const SENT_BY_TERMINALS: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/**
 * Runs a program to its end, on our own stdin, stdout and stderr and without a shell. Signals that we are sent are
 * passed on to it, and from here on none of them ends us. Ctrl-Z works as ever: the system stops and continues us both.
 * @param words the program, looked for in PATH, and its arguments
 * @param environment all of its variables
 * @returns its exit code, and 128 + n where signal n ended it, as shells have it
 * @throws AppError `not_found` or `not_executable` where it did not start
 */
export function runProgram(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = words;
  return new Promise((resolve, reject) => {
    // Before it starts, and before nobody listens: a signal without a listener would end us.
    for (const signal of PASSED_ON) process.on(signal, () => passOn(signal, child));
    leaveSignalsToOthers();
    const child = start(program, args, environment);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    child.on('error', (error) => {
      // One that runs and may not be sent a signal, as it has become another user's, goes on.
      if (child.pid === undefined) reject(failureOf(error, program));
    });
  });
}

function start(program: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  if (program === '') throw failureOf({ code: 'ENOENT' }, "''");
  try {
    return spawn(program, args, { env, stdio: 'inherit', shell: false });
  } catch (error) {
    throw failureOf(error as NodeJS.ErrnoException, program);
  }
}

function passOn(signal: NodeJS.Signals, child: ChildProcess): void {
  if (SENT_BY_TERMINALS.has(signal) && isInForeground()) return;
  child.kill(signal);
}

function failureOf(error: unknown, program: string): AppError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  // A file that is there and "not found" lacks what its first line names.
  const isMissing = code === 'ENOENT' && !(program.includes('/') && existsSync(program));
  return isMissing || code === 'ENOTDIR'
    ? new AppError('not_found', { program })
    : new AppError('not_executable', { program, code });
}
