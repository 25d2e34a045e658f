import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EXIT_STATUS, STATE, statOf } from './process-stat.ts';

/** Of a status as wait() has it. */
const SIGNAL_BITS = 0x7f;

/**
 * Starts the program and waits for its end, in a thread that sleeps until we have looked at what has ended. Node calls
 * an end by a signal that it has no name for, as all real-time signals are, an exit with 0: a deployment that was
 * killed would count as done. Linux still knows, until the process is taken leave of, which this thread does.
 */
const THREAD = `
const { spawn } = require('node:child_process');
const { parentPort, workerData: { words: [program, ...args], env, gate } } = require('node:worker_threads');
const fail = ({ code }) => parentPort.postMessage({ failure: code ?? 'unknown' });
try {
  const child = spawn(program, args, { env, stdio: 'inherit', shell: false });
  child.once('error', fail);
  child.once('exit', (code, signal) => parentPort.postMessage({ code, signal }));
  if (child.pid !== undefined) {
    parentPort.postMessage({ pid: child.pid });
    Atomics.wait(gate, 0, 0);
  }
} catch (error) {
  fail(error);
}
`;

/** What the thread says: that it has started the program, why it has not, or how that has ended. */
type Message =
  | { readonly pid: number }
  | { readonly failure: string }
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A program that runs on our own stdin, stdout and stderr, without a shell. */
export class Program {
  readonly #gate = new Int32Array(new SharedArrayBuffer(4));
  /** While it can be sent signals: from its start until it has ended. */
  #pid: number | undefined;
  #early: NodeJS.Signals[] = [];
  /** The number of the signal that ended it. */
  #endedBy = 0;
  /** Its exit code, and 128 + n where signal n ended it, as shells have it. Fails with the `code` of the system. */
  readonly ended: Promise<number>;

  /**
   * @param words the program, looked for in PATH, and its arguments
   * @param env all of its variables
   */
  constructor(words: readonly string[], env: NodeJS.ProcessEnv) {
    const onChild = () => this.#look();
    process.on('SIGCHLD', onChild);
    this.ended = new Promise<number>((resolve, reject) => {
      const worker = new Worker(THREAD, {
        eval: true,
        execArgv: [],
        // It says nothing, and streams for it would make our own non-blocking, which are the program's too.
        stdout: true,
        stderr: true,
        workerData: { words, env, gate: this.#gate },
      });
      worker.once('error', reject);
      worker.on('message', (message: Message) => {
        if ('pid' in message) this.#begin(message.pid);
        else if ('failure' in message)
          reject(Object.assign(new Error('not started'), { code: message.failure }));
        else resolve(this.#codeOf(message));
      });
    }).finally(() => process.off('SIGCHLD', onChild));
  }

  /** Sends it a signal; where it has not started yet, when it has. One that has become another user's goes on. */
  kill(signal: NodeJS.Signals): void {
    if (this.#pid === undefined) {
      this.#early.push(signal);
      return;
    }
    try {
      process.kill(this.#pid, signal);
    } catch {
      // It may not be sent any.
    }
  }

  #begin(pid: number): void {
    this.#pid = pid;
    for (const signal of this.#early) this.kill(signal);
    this.#look(); // It may have ended already.
  }

  /** Where it has ended, notes by what, and lets the thread take leave of it. So it does where that cannot be seen. */
  #look(): void {
    if (this.#pid === undefined) return;
    try {
      const stat = statOf(this.#pid);
      if (stat[STATE] !== 'Z') return;
      this.#endedBy = Number(stat[EXIT_STATUS]) & SIGNAL_BITS;
      this.#pid = undefined; // It could soon be another's.
    } catch {
      // No /proc, or not for us.
    }
    Atomics.store(this.#gate, 0, 1);
    Atomics.notify(this.#gate, 0);
  }

  #codeOf({ code, signal }: Extract<Message, { code: unknown }>): number {
    this.#pid = undefined;
    const number = signal ? constants.signals[signal] : code === 0 ? this.#endedBy : 0;
    return number === 0 ? (code ?? 0) : 128 + number;
  }
}
