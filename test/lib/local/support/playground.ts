import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import {
  LocalEngines,
  type LocalEnginesOptions,
  type LocalHost,
} from '../../../../src/lib/local/local-engines.ts';
import { hostScript } from './scripts.ts';

/** Folders of a test's own, and the engines in them. Everything is ended and removed by `dispose`. */
export class Playground {
  readonly root = mkdtempSync(join(tmpdir(), 'airbnb-local-'));
  readonly folder = join(this.root, 'data/embedded');
  readonly logFolder = join(this.root, 'state');
  readonly #runtimeFolder = process.env.XDG_RUNTIME_DIR;
  readonly #clients: Array<() => void> = [];
  #engines: LocalEngines[] = [];

  constructor() {
    process.env.XDG_RUNTIME_DIR = this.root;
  }

  async options(changes: Partial<LocalEnginesOptions> = {}): Promise<LocalEnginesOptions> {
    const { folder, logFolder } = this;
    return { folder, logFolder, idleSeconds: 60, hostScript: await hostScript(), ...changes };
  }

  async engines(changes: Partial<LocalEnginesOptions> = {}): Promise<LocalEngines> {
    const engines = new LocalEngines(await this.options(changes));
    this.#engines.push(engines);
    return engines;
  }

  redis({ redisSocket }: LocalHost): Redis {
    const redis = new Redis({
      path: redisSocket,
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      retryStrategy: () => null,
    });
    redis.on('error', () => {});
    this.#clients.push(() => redis.disconnect());
    return redis;
  }

  async postgres({ postgresSocket }: Pick<LocalHost, 'postgresSocket'>): Promise<Client> {
    const client = new Client({
      host: dirname(postgresSocket),
      port: 5432,
      user: 'airbnb',
      database: 'postgres',
    });
    client.on('error', () => {});
    this.#clients.push(() => void client.end().catch(() => {}));
    await client.connect();
    return client;
  }

  async dispose(): Promise<void> {
    for (const end of this.#clients) end();
    for (const engines of this.#engines) await engines.stop().catch(() => {});
    if (this.#runtimeFolder === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = this.#runtimeFolder;
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Runs a script of Node's until it ends. */
export function runScript(
  script: string,
  ...args: string[]
): { child: ChildProcess; output: Promise<string> } {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  return { child, output: new Promise((resolve) => child.once('close', () => resolve(text))) };
}

/** Whether a process exists; one that has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  return execFileSync('ps', ['-A', '-o', 'pid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .some((line) => Number.parseInt(line, 10) === pid && !/Z/.test(line));
}

/** Waits until something is so. @throws Error after so many milliseconds. */
export async function until(what: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms`);
    await sleep(10);
  }
}

/** The `reason` of the AppError that a promise is rejected with. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error);
  }
  return 'no error';
}
