import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { saysThatServerEnds } from './postgres-messages.ts';
import type { PostgresBackend } from './postgres-server.ts';

/** What the thread is told when it starts. */
export interface PGliteWorkerData {
  /** The folder of the database; it is made if it is not there. */
  folder: string;
  /** The archive that a new database is made from, where there is one. */
  archive: string;
  /** The database cannot be opened: give it this name, and begin a new one. */
  replaceBy: string | undefined;
}

export type WorkerCommand = { kind: 'execute'; bytes: Uint8Array } | { kind: 'close' };

export type WorkerReport =
  | { kind: 'ready' | 'closed' }
  | { kind: 'not_migrated' | 'failed'; message: string }
  | { kind: 'answer'; reply: Uint8Array; inTransaction: boolean };

export interface PGliteBackendOptions {
  /** The script whose thread runs `runPostgresWorker`. */
  script: string;
  folder: string;
  archive: string;
  onEvent: (event: BackendEvent) => void;
  /** The engine is given up when one call takes so long: it cannot be interrupted. Milliseconds. */
  longestCallMs?: number;
}

/** What becomes of the database, for the log and the host's record. */
export type BackendEvent =
  | { kind: 'starting' | 'ready' | 'closed' }
  | { kind: 'set_aside'; path: string; message: string }
  | { kind: 'not_migrated' | 'failed'; message: string };

const defaultLongestCallMs = 10_000;

/** Starting includes making the database, without an archive if need be, and its migrations. Milliseconds. */
const longestStartMs = 60_000;

const longestCloseMs = 4_000;

/**
 * PGlite in a thread of its own, started when it is first asked for and again after a crash.
 */
export class PGliteBackend {
  readonly #options: PGliteBackendOptions;
  #current: Promise<PGliteThread> | undefined;
  #closed = false;

  constructor(options: PGliteBackendOptions) {
    this.#options = options;
  }

  /**
   * The running engine.
   * @throws Error if it cannot be started. The next call tries again.
   */
  async get(): Promise<PostgresBackend> {
    if (this.#closed) throw new Error('closed');
    if (this.#current === undefined) {
      const starting = this.#start();
      this.#current = starting;
      const forget = () => {
        if (this.#current === starting) this.#current = undefined;
      };
      starting.then((thread) => thread.gone.then(forget), forget);
    }
    const thread = await this.#current;
    if (!thread.isEnding) return thread;
    // Two engines must never have one folder open.
    await thread.gone;
    return this.get();
  }

  /** Closes the database properly, if it is open. */
  async close(): Promise<void> {
    this.#closed = true;
    const thread = await this.#current?.catch(() => undefined);
    await thread?.close();
    if (thread !== undefined) this.#options.onEvent({ kind: 'closed' });
  }

  async #start(): Promise<PGliteThread> {
    const { onEvent } = this.#options;
    onEvent({ kind: 'starting' });
    try {
      const thread = await this.#startOrReplace();
      onEvent({ kind: 'ready' });
      thread.gone.then((message) => {
        if (!this.#closed) onEvent({ kind: 'failed', message });
      });
      return thread;
    } catch (error) {
      onEvent({ kind: 'failed', message: (error as Error).message });
      throw error;
    }
  }

  async #startOrReplace(): Promise<PGliteThread> {
    const { folder } = this.#options;
    try {
      return await this.#startThread(undefined);
    } catch (error) {
      if (this.#closed || !existsSync(folder)) throw error;
      const path = `${folder}.unreadable-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}`;
      const thread = await this.#startThread(path).catch((second: Error) => {
        throw new Error(`${(error as Error).message}; and no new one could be begun: ${second.message}`);
      });
      this.#options.onEvent({ kind: 'set_aside', path, message: (error as Error).message });
      return thread;
    }
  }

  async #startThread(replaceBy: string | undefined): Promise<PGliteThread> {
    const { folder, archive } = this.#options;
    const thread = new PGliteThread(this.#options, { folder, archive, replaceBy });
    await thread.ready;
    return thread;
  }
}

/** One thread with an open database. It answers in the order in which it is asked. */
class PGliteThread implements PostgresBackend {
  /** Settles when the thread serves. */
  readonly ready: Promise<unknown>;
  /** Resolves with the reason when the thread has ended. */
  readonly gone: Promise<string>;
  readonly #worker: Worker;
  readonly #waiting: Array<{ resolve: (report: WorkerReport) => void; reject: (error: Error) => void }> = [];
  readonly #longestCallMs: number;
  #reason: string | undefined;

  constructor(options: PGliteBackendOptions, data: PGliteWorkerData) {
    const { script, onEvent, longestCallMs = defaultLongestCallMs } = options;
    this.#longestCallMs = longestCallMs;
    // What the engine prints is not kept: PostgreSQL quotes statements, and those may hold secrets.
    this.#worker = new Worker(script, { workerData: data, stdout: true, stderr: true });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.gone = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#reason ??= 'the thread has ended';
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.#reason));
        resolve(this.#reason);
      });
    });
    this.#worker.on('error', (error) => {
      this.#reason ??= `${error.name}: ${error.message}`;
    });
    this.#worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'not_migrated') onEvent(report);
      else if (report.kind === 'failed') this.#end(report.message);
      else this.#waiting.shift()?.resolve(report);
    });
    this.ready = this.#nextReport(longestStartMs);
  }

  /** Nothing more is to be asked of it. */
  get isEnding(): boolean {
    return this.#reason !== undefined;
  }

  async execute(bytes: Uint8Array): Promise<{ reply: Uint8Array; inTransaction: boolean }> {
    const report = await this.#ask({ kind: 'execute', bytes }, this.#longestCallMs);
    if (report.kind !== 'answer') throw new Error(`unexpected report: ${report.kind}`);
    if (saysThatServerEnds(report.reply)) this.#end('PostgreSQL has ended itself');
    return report;
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close' }, longestCloseMs).catch(() => {});
    await this.#worker.terminate();
  }

  #ask(command: WorkerCommand, limitMs: number): Promise<WorkerReport> {
    if (this.#reason !== undefined) return Promise.reject(new Error(this.#reason));
    this.#worker.postMessage(command);
    return this.#nextReport(limitMs);
  }

  #nextReport(limitMs: number): Promise<WorkerReport> {
    const timer = setTimeout(() => this.#end(`no answer within ${limitMs} ms`), limitMs);
    const report = new Promise<WorkerReport>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    return report.finally(() => clearTimeout(timer));
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    void this.#worker.terminate();
  }
}
