import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { harmlessEnvironment } from '../../test/support/harmless-environment.ts';
import { leftoversOf } from '../../test/support/leftovers.ts';
import { makeUserFolders, type UserFolders } from '../../test/support/user-folders.ts';
import { type CommandLine, typed } from './typed-command.ts';

const BINARY = join(__dirname, '..', '..', 'bin', 'run.js');

/** A command that takes longer hangs. Milliseconds. */
const STEP_LIMIT = 30_000;

/** Sockets lie below the temporary folder, and the path of a socket has to be short. Bytes. */
const LONGEST_PARENT = 50;

/** What a command has to end with, and what has to be in its output. */
export interface Expectation {
  readonly code?: number;
  readonly says: readonly (string | RegExp)[];
}

export interface GuideOptions {
  /** What the commands get of the environment, over an otherwise clean one: the language, colours. */
  readonly env: NodeJS.ProcessEnv;
  /** Told each command line before it runs. */
  readonly onCommand: (commandLine: string) => void;
  /** Told what a command prints, on stdout or stderr, as it prints it. */
  readonly onOutput: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A command did not do what it should. */
export class UnexpectedStep extends Error {}

/**
 * Runs commands of the built product, each as a process of its own, for somebody who has never used it: a home of
 * their own, no settings from outside, nothing configured.
 */
export class Guide {
  readonly #options: GuideOptions;
  readonly #folders: UserFolders;
  readonly #env: NodeJS.ProcessEnv;
  readonly #password = randomBytes(12).toString('base64url');

  private constructor(options: GuideOptions, folders: UserFolders) {
    this.#options = options;
    this.#folders = folders;
    this.#env = { ...harmlessEnvironment(process.env), ...folders.env, ...options.env };
  }

  static async start(options: GuideOptions): Promise<Guide> {
    const parent = Buffer.byteLength(tmpdir()) > LONGEST_PARENT ? '/tmp' : tmpdir();
    return new Guide(options, await makeUserFolders(parent));
  }

  /**
   * Runs a command and holds it to what is expected.
   * @returns what it printed, without colours
   * @throws UnexpectedStep, or the signal's reason
   */
  async run(commandLine: CommandLine, { code = 0, says }: Expectation): Promise<string> {
    this.#options.onCommand(typed(commandLine));
    const ran = await this.#execute(commandLine, this.#options.onOutput);
    this.#options.signal.throwIfAborted();
    if (ran.code !== code) throw new UnexpectedStep(`exit code ${ran.code} instead of ${code}`);
    for (const expected of says) {
      const isThere = typeof expected === 'string' ? ran.text.includes(expected) : expected.test(ran.text);
      if (!isThere) throw new UnexpectedStep(`its output lacks ${expected}`);
    }
    return ran.text;
  }

  async pause(seconds: number): Promise<void> {
    this.#options.onCommand(`sleep ${seconds}`);
    await sleep(seconds * 1000, undefined, { signal: this.#options.signal }).catch(() => {});
    this.#options.signal.throwIfAborted();
  }

  /**
   * Ends the embedded engines and removes every file.
   * @throws UnexpectedStep where a process had to be killed
   */
  async end(): Promise<void> {
    await this.#execute({ args: ['local', 'stop'] }, () => {}, { detached: true });
    const left = await leftoversOf(this.#folders.root);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    await this.#folders.remove();
    if (left.length > 0) {
      throw new UnexpectedStep(`left running: ${left.map(({ command }) => command).join('; ')}`);
    }
  }

  /** @param detached out of reach of a Ctrl-C on the terminal */
  async #execute(
    { args, env, pipesPassword }: CommandLine,
    onOutput: (text: string) => void,
    { detached = false } = {},
  ): Promise<{ code: number; text: string }> {
    const child = spawn(process.execPath, [BINARY, ...args], {
      cwd: this.#folders.work,
      env: { ...this.#env, ...env },
      detached,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        onOutput(chunk);
      });
    }
    child.stdin.on('error', () => {}); // A command that fails early does not read it.
    child.stdin.end(pipesPassword ? `${this.#password}\n` : '');
    const code = await this.#endOf(child, detached);
    return { code, text: stripVTControlCharacters(text) };
  }

  async #endOf(child: ChildProcess, ignoresSignal: boolean): Promise<number> {
    const { signal } = this.#options;
    const end = () => child.kill('SIGTERM');
    if (!ignoresSignal) signal.addEventListener('abort', end);
    const timer = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT);
    try {
      const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (code !== null || signal.aborted) return code ?? 1;
      throw new UnexpectedStep(`ended by ${killedBy}: it may take ${STEP_LIMIT / 1000} s`);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }
}
