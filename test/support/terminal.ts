import { stripVTControlCharacters } from 'node:util';
import { type IPty, spawn } from '@lydell/node-pty';

const KEYS = {
  enter: '\r',
  tab: '\t',
  space: ' ',
  escape: '\x1b',
  backspace: '\x7f',
  up: '\x1b[A',
  down: '\x1b[B',
  'ctrl-c': '\x03',
  'ctrl-d': '\x04',
  'ctrl-z': '\x1a',
};

export interface TerminalOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  columns?: number;
  rows?: number;
}

/** A program on a pseudo-terminal, read and typed into as a person does. */
export class Terminal {
  /** All that the program has written, escape sequences included, and what the terminal echoed. */
  raw = '';
  readonly #pty: IPty;
  readonly #watchers = new Set<() => void>();
  /** How much of the text earlier expectations have used up. */
  #read = 0;
  #ended: { code: number; signal: number } | undefined;

  constructor(program: string, args: string[], { cwd, env, columns = 100, rows = 30 }: TerminalOptions) {
    this.#pty = spawn(program, args, { cwd, env, cols: columns, rows });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#tell();
    });
    this.#pty.onExit(({ exitCode, signal = 0 }) => {
      this.#ended = { code: exitCode, signal };
      this.#tell();
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** What has been written, without escape sequences. */
  get text(): string {
    return stripVTControlCharacters(this.raw);
  }

  /** Waits for text behind what was expected before. */
  async expect(pattern: RegExp, timeoutMs = 8000): Promise<RegExpExecArray> {
    const find = () =>
      new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(this.text.slice(this.#read));
    await this.#until(() => find() !== null || this.#ended !== undefined, timeoutMs);
    const match = find();
    if (!match) throw this.#failure(`${pattern} did not appear`);
    this.#read += match.index + match[0].length;
    return match;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  press(key: keyof typeof KEYS): void {
    this.#pty.write(KEYS[key]);
  }

  /** Types an answer and presses Enter. */
  answer(text: string): void {
    this.type(text);
    this.press('enter');
  }

  /** Waits for the program's end. One that takes longer is killed, and the test fails. */
  async exit(timeoutMs = 10_000): Promise<{ code: number; signal: number; text: string }> {
    await this.#until(() => this.#ended !== undefined, timeoutMs);
    if (!this.#ended) {
      this.#pty.kill('SIGKILL');
      throw this.#failure(`it did not end within ${timeoutMs} ms`);
    }
    return { ...this.#ended, text: this.text };
  }

  #failure(what: string): Error {
    const end = this.#ended ? `\n--- ended with ${this.#ended.code}` : '';
    return new Error(`${what}. On the screen:\n${this.text}${end}`);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve();
      };
      const watcher = () => {
        if (holds()) settle();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#watchers.add(watcher);
    });
  }
}
