import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { User } from './cli.ts';
import type { Terminal } from './terminal.ts';
import { until } from './until.ts';

const BINARY = path.resolve(__dirname, '../../bin/run.js');
const NODE = process.env.AIRBNB_TEST_NODE || process.execPath;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELLS)[number];

export function hasShell(shell: ShellName): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** Start-up files that make a shell say in braces what its line holds, when Ctrl-X and B are pressed. */
const START_UP: Record<ShellName, { file: string; text: string }> = {
  bash: {
    file: '.bashrc',
    text: `PS1='ready> '\nbind 'set bell-style none'\nbind -x '"\\C-xb": printf "{%s}\\n" "$READLINE_LINE"'\n`,
  },
  zsh: {
    file: '.zshrc',
    text: `PS1='ready> '\nshow() { zle -I; print -r -- "{$BUFFER}" }\nzle -N show\nbindkey '^Xb' show\n`,
  },
  fish: {
    file: '.config/fish/config.fish',
    text: `function fish_prompt; echo -n 'ready> '; end\nset -g fish_greeting\nbind \\cxb 'echo; echo "{"(commandline)"}"; commandline -f repaint'\n`,
  },
};

/** Without start-up files of the system, which may do anything. */
const ARGUMENTS: Record<ShellName, string[]> = { bash: ['-i'], zsh: ['-d', '-i'], fish: ['-i'] };

export interface ShellHome {
  /** Of a shell that finds `airbnb` on its path. */
  readonly env: NodeJS.ProcessEnv;
  /** The start-up file of the shell, relative to the home. */
  readonly startUp: string;
}

/** Puts `airbnb` on the path, and the user's own start-up file of a shell into the home. */
export async function makeShellHome(user: User, shell: ShellName): Promise<ShellHome> {
  const bin = path.join(user.folders.root, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, 'airbnb'), `#!/bin/sh\nexec '${NODE}' '${BINARY}' "$@"\n`);
  await chmod(path.join(bin, 'airbnb'), 0o755);
  const { file, text } = START_UP[shell];
  const startUp = path.join(user.home, file);
  await mkdir(path.dirname(startUp), { recursive: true });
  await writeFile(startUp, text);
  // Without it fish reads all manual pages at its first start.
  await mkdir(path.join(user.home, '.local/share/fish/generated_completions'), { recursive: true });
  return { env: { PATH: `${bin}:${process.env.PATH}` }, startUp };
}

/** How often TAB is pressed, as a person would: on a busy machine Redis may not answer within the time that it has. */
const TRIES = 3;
/** Milliseconds after which nothing more is expected of one TAB. */
const PATIENCE = 3_000;

/** Whether a bash leaves words in the order in which it is given them: from 4.4 on. */
export function bashCanKeepOrder(): boolean {
  const { stdout } = spawnSync('bash', ['-c', 'echo $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))']);
  return Number(stdout) >= 404;
}

/** A real shell on a terminal, in which somebody presses TAB. */
export class CompletingShell {
  readonly terminal: Terminal;
  readonly #shell: ShellName;

  constructor(user: User, shell: ShellName, env: NodeJS.ProcessEnv) {
    this.#shell = shell;
    const wide = { columns: 160, rows: 60, env: { ...env, SHELL: shell } };
    this.terminal = user.programTerminal(shell, ARGUMENTS[shell], wide);
  }

  async ready(): Promise<this> {
    await this.terminal.expect(/ready> /);
    return this;
  }

  /** Types and presses TAB. @returns what the line holds then */
  async complete(typed: string, left = 0): Promise<string> {
    this.terminal.type(typed + '\u001b[D'.repeat(left));
    let line = typed;
    for (let tries = 0; line === typed && tries < TRIES; tries++) {
      this.terminal.press('tab');
      this.terminal.type('\u0018b');
      // Until the prompt is there again zsh leaves the keys to the terminal.
      [, line = ''] = await this.terminal.expect(/\{(.*)\}\s+ready> /);
    }
    this.#clear();
    return line;
  }

  /** Types and asks for all that is offered. @returns what is on the screen once all of those are among it */
  async list(typed: string, expected: readonly string[]): Promise<string> {
    const start = this.terminal.text.length;
    const text = () => this.terminal.text.slice(start);
    const isThere = async () => expected.every((each) => text().includes(each));
    this.terminal.type(typed);
    for (let tries = 1; tries < TRIES && !(await isThere()); tries++) {
      this.#askForAll();
      await until('', isThere, PATIENCE).catch(() => {});
    }
    if (!(await isThere())) this.#askForAll();
    await until(`${expected.join(', ')} among what ${this.#shell} offers`, isThere);
    this.#clear();
    return text();
  }

  async end(): Promise<void> {
    this.terminal.answer('exit');
    await this.terminal.exit();
  }

  #askForAll(): void {
    this.terminal.press('tab');
    if (this.#shell === 'bash') this.terminal.press('tab');
  }

  /** To the end of the line, and all of it away. */
  #clear(): void {
    this.terminal.type('\u0005\u0015');
  }
}

/** How to start a program so that it runs in other surroundings. */
type Within = (program: string, args: string[]) => [program: string, args: string[]];

/** The words that bash would offer, by the function that it calls at TAB. */
export function offeredByBash(
  user: User,
  env: NodeJS.ProcessEnv,
  script: string,
  line: string,
  within: Within = (...command) => command,
): string[] {
  const run = `${script}
    COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=($1) COMP_CWORD=0
    _airbnb airbnb "$2"
    ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const completed = line.slice(Math.max(line.lastIndexOf(' '), line.lastIndexOf('=')) + 1);
  return printedBy(within('bash', ['--norc', '-c', run, 'bash', line, completed]), user, env);
}

/** What fish would offer, as `value<TAB>description`. */
export function offeredByFish(user: User, env: NodeJS.ProcessEnv, line: string): string[] {
  return printedBy(['fish', ['-c', 'complete -C $argv[1]', line]], user, env);
}

function printedBy([program, args]: ReturnType<Within>, user: User, env: NodeJS.ProcessEnv): string[] {
  const text = execFileSync(program, args, {
    env: { ...user.env, ...env },
    cwd: user.folders.work,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 10_000,
  });
  return text.split('\n').filter(Boolean);
}
