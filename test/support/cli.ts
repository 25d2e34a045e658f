import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { engines } from './engines.ts';
import { leftoversOf, processesOf } from './leftovers.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';
import { makeUserFolders, type UserFolders } from './user-folders.ts';

const BINARY = path.resolve(__dirname, '../../bin/run.js');

/** The Node that runs the product: `AIRBNB_TEST_NODE` names another than the one that runs the tests. */
const NODE = process.env.AIRBNB_TEST_NODE || process.execPath;

/** What a script of the shell begins with. */
const AIRBNB_IN_SHELL = `airbnb() { '${NODE}' '${BINARY}' "$@"; }\n`;

export interface UserOptions {
  /** Whether the suite's Redis and PostgreSQL are configured (they are, unless said); else nothing is. */
  configured?: boolean;
  /** Variables of every command, over the others; `undefined` unsets one. */
  env?: NodeJS.ProcessEnv;
}

export interface RunOptions {
  /** What stdin holds; it is empty unless said, and never a terminal. */
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Another script than the built product's. */
  script?: string;
  /** A command that takes longer is killed, and the test fails. */
  timeoutMs?: number;
}

export type OnTerminal = Partial<TerminalOptions>;

/** What a finished command left. */
export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** stdout as JSON; what is not JSON fails with all of the output. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  json(): any;
}

/** A command under way. */
export interface Running {
  child: ChildProcess;
  /** What has been printed so far. */
  output: { stdout: string; stderr: string };
  result: Promise<Result>;
}

/** Somebody with a fresh home and a clean environment, who runs the built product; dispose of them in the end. */
export async function newUser(options: UserOptions = {}): Promise<User> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run "npm run build" first`);
  return new User(await makeUserFolders(os.tmpdir()), options);
}

export class User {
  readonly folders: UserFolders;
  /** The environment of every command: nothing from outside but PATH. */
  readonly env: NodeJS.ProcessEnv;

  /** Use `newUser`. */
  constructor(folders: UserFolders, { configured = true, env = {} }: UserOptions) {
    this.folders = folders;
    const servers = configured ? { REDIS_URL: engines.redisUrl, DATABASE_URL: engines.databaseUrl } : {};
    this.env = { PATH: process.env.PATH, ...folders.env, ...servers, ...env };
  }

  get home(): string {
    return this.folders.home;
  }

  /** Where the token is kept. */
  get sessionFile(): string {
    return path.join(this.home, '.airbnb', 'session');
  }

  /** Runs a command to its end, without a terminal. */
  run(args: string[], options: RunOptions = {}): Promise<Result> {
    return toItsEnd(this.start(args, options), options);
  }

  /** Starts a command whose stdin stays open, for tests that send signals or watch it work. */
  start(args: string[], { script = BINARY, ...options }: RunOptions = {}): Running {
    return this.#start(NODE, [script, ...args], `airbnb ${args.join(' ')}`, options);
  }

  /** Runs a script of the shell to its end, in which `airbnb` is the built product. */
  runShell(script: string, options: RunOptions = {}): Promise<Result> {
    return toItsEnd(this.#start('sh', ['-c', AIRBNB_IN_SHELL + script], script, options), options);
  }

  /** Puts `airbnb` on the PATH of programs, as `npm link` does. @returns the PATH */
  async linkedPath(): Promise<string> {
    const folder = path.join(this.folders.root, 'bin');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'airbnb'), `#!/bin/sh\nexec '${NODE}' '${BINARY}' "$@"\n`, {
      mode: 0o755,
    });
    return `${folder}:${this.env.PATH}`;
  }

  /** Runs a command on a terminal of its own. */
  terminal(args: string[], options: OnTerminal = {}): Terminal {
    return this.#terminal(NODE, [BINARY, ...args], options);
  }

  /** Runs a script of the shell on a terminal of its own, in which `airbnb` is the built product. */
  shellTerminal(script: string, options: OnTerminal = {}): Terminal {
    return this.#terminal('sh', ['-c', AIRBNB_IN_SHELL + script], options);
  }

  /** Runs another program on a terminal of its own. */
  programTerminal(program: string, args: string[], options: OnTerminal = {}): Terminal {
    return this.#terminal(program, args, options);
  }

  /** Ends this user's embedded engines if there are any, removes all files, and fails if a process is left. */
  async dispose(): Promise<void> {
    if ((await processesOf(this.folders.root)).length > 0) await this.run(['local', 'stop']);
    const left = await leftoversOf(this.folders.root);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    await this.folders.remove();
    if (left.length > 0) {
      throw new Error(`left running:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`);
    }
  }

  /** For `await using user = await newUser()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #start(
    program: string,
    args: string[],
    name: string,
    { env, cwd, timeoutMs = 15_000 }: RunOptions,
  ): Running {
    const child = spawn(program, args, {
      cwd: cwd ?? this.folders.work,
      env: { ...this.env, ...env },
      stdio: 'pipe',
    });
    // One that ends without reading its stdin is no failure.
    child.stdin.on('error', () => {});
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.stderr += text;
    });
    return { child, output, result: resultOf(child, output, name, timeoutMs) };
  }

  #terminal(program: string, args: string[], { env, cwd, ...size }: OnTerminal): Terminal {
    return new Terminal(program, args, {
      cwd: cwd ?? this.folders.work,
      env: { TERM: 'xterm-256color', ...this.env, ...env },
      ...size,
    });
  }
}

function toItsEnd({ child, result }: Running, { input = '' }: RunOptions): Promise<Result> {
  child.stdin?.end(input);
  return result;
}

/**
 * Settles when the command has ended and nobody holds its stdout and stderr any more. A stack trace that nobody asked
 * for fails the test, whatever that is about.
 */
function resultOf(
  child: ChildProcess,
  output: { stdout: string; stderr: string },
  name: string,
  timeoutMs: number,
): Promise<Result> {
  const shown = () => `--- stdout\n${output.stdout}\n--- stderr\n${output.stderr}`;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // Whoever inherited them would hold them open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      const state = child.exitCode === null ? 'ran' : 'ended, but its output was held open';
      reject(new Error(`${name} ${state} for over ${timeoutMs} ms\n${shown()}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (/^ {4}at /m.test(output.stderr) && !output.stderr.startsWith('trace: ')) {
        reject(new Error(`${name} printed a stack trace\n${shown()}`));
        return;
      }
      const json = () => {
        try {
          return JSON.parse(output.stdout);
        } catch {
          throw new Error(`${name} printed no JSON\n${shown()}`);
        }
      };
      resolve({ code, signal, ...output, json });
    });
  });
}
