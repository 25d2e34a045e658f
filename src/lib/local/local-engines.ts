import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import { describeExit, hostArguments, hostEnvironment } from './host-options.ts';
import { filesIn, type HostRecord, hostProtocol, type PostgresState, readRecord } from './host-record.ts';
import {
  checkPrivateFolder,
  checkSocket,
  folderIdOf,
  makePrivateFolder,
  makeSocketFolder,
} from './local-folders.ts';
import { type HeldLock, holderState, type LockHolder, readLock, tryLock } from './lock-file.ts';
import { residentBytes, stateOf } from './process-identity.ts';

/** A host that runs. */
export interface LocalHost {
  readonly pid: number;
  /** Random for each host: the sessions of another run are gone. */
  readonly run: string;
  /** `embedded:<folder id>:<run>`: what the token file calls this server. */
  readonly server: string;
  readonly redisSocket: string;
  /** `<folder>/.s.PGSQL.5432`: `pg` is given the folder as its host, and the port 5432. */
  readonly postgresSocket: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Where a database that could not be opened has been moved in this run, if one has. */
  readonly setAside?: string;
}

export interface LocalEnginesOptions {
  /** The data folder of this host. What it stands in for decides: different servers, different folders. */
  readonly folder: string;
  readonly logFolder: string;
  /** The host ends when nobody has been connected for so long and no session lives. Seconds. */
  readonly idleSeconds: number;
  /** The script of the host, and Node's own arguments for it. */
  readonly hostScript: string;
  readonly execArgv?: readonly string[];
}

export interface LocalStatus {
  readonly running: boolean;
  readonly pid?: number;
  readonly run?: string;
  readonly startedAt?: string;
  readonly uptimeSeconds?: number;
  /** Memory of the host, where the system tells. */
  readonly residentBytes?: number;
  /** It exists but does nothing: it was sent a SIGSTOP. */
  readonly stopped?: boolean;
  readonly postgres: PostgresState;
  readonly redisSocket?: string;
  readonly postgresSocket?: string;
  readonly folder: string;
  readonly log: string;
  /** Size of the accounts' database on the disk. */
  readonly dataBytes: number;
  /** Databases that could not be opened and have been moved aside, in this or an earlier run. */
  readonly setAside: readonly string[];
}

/** Starting takes a quarter of a second; a machine under load gets much more. Milliseconds. */
const startLimitMs = 20_000;

/** A host that is stopped by a signal gets so long to be continued. Milliseconds. */
const stuckAfterMs = 1_500;

/** A host ends by itself within six seconds of being told; after that it is killed. Milliseconds. */
const endGraceMs = 7_000;

const killLimitMs = 3_000;

const pollMs = 5;

/**
 * The embedded engines as commands see them: one host for a data folder, found by the record that it keeps
 * there, and started by whoever needs it first.
 */
export class LocalEngines {
  readonly #options: LocalEnginesOptions;
  readonly #folder: string;
  readonly #files: ReturnType<typeof filesIn>;

  constructor(options: LocalEnginesOptions) {
    this.#options = options;
    this.#folder = resolve(options.folder);
    this.#files = filesIn(this.#folder);
  }

  /** The first 8 hex digits of the SHA-256 of the data folder's path. */
  get folderId(): string {
    return folderIdOf(this.#folder);
  }

  /** Path of the host's log. */
  get log(): string {
    return join(this.#options.logFolder, `embedded-${this.folderId}.log`);
  }

  /**
   * The host that runs, if one does. Starts nothing and writes nothing.
   * @throws AppError `local_folder_unsafe`.
   */
  async running(): Promise<LocalHost | undefined> {
    return this.#orFailed(async () => {
      const record = this.#usableRecord();
      return record && this.#hostOf(record);
    });
  }

  /**
   * The host that runs, or one that is started now: exactly one, however many ask at once.
   * @param onProgress told when this call, and no other, starts a host, and when that answers
   * @throws AppError `local_engine_failed`, `local_engine_stuck` or `local_folder_unsafe`.
   */
  async ensure(onProgress: (step: 'starting' | 'ready') => void = () => {}): Promise<LocalHost> {
    return this.#orFailed(async () => {
      const record = await this.#answeringRecord();
      if (record !== undefined) return this.#hostOf(record);
      makePrivateFolder(this.#folder);
      const sockets = makeSocketFolder(this.folderId);
      return this.#withStartLock(
        async () => this.#hostOf(await this.#start(sockets, onProgress)),
        async () => {
          const started = await this.#answeringRecord();
          return started && this.#hostOf(started);
        },
      );
    });
  }

  /**
   * Checks that the host that runs answers: for when a connection to it has failed or timed out.
   * @throws AppError `local_engine_stuck` if it does not within two seconds, or `local_engine_failed` if it
   * has ended.
   */
  async assertAnswering(): Promise<void> {
    const record = this.#usableRecord();
    if (record === undefined) throw this.#failed('it has ended');
    const { valkeyCommand } = await import('./valkey-command.ts');
    await valkeyCommand(record.redisSocket, ['PING'], 2_000).catch(() => {
      throw this.#stuck(record.pid);
    });
  }

  /** What there is to tell about the host and its data. Starts nothing and writes nothing. */
  async status(): Promise<LocalStatus> {
    const holder = checkPrivateFolder(this.#folder) ? this.#liveHolder() : undefined;
    const record = holder && readRecord(this.#folder);
    const status = {
      running: holder !== undefined,
      postgres: record?.postgres ?? 'off',
      folder: this.#folder,
      log: this.log,
      dataBytes: sizeOf(this.#files.postgres),
      setAside: this.#setAsideFolders(),
    };
    if (holder === undefined) return status;
    const memory = residentBytes(holder.pid);
    return {
      ...status,
      pid: holder.pid,
      stopped: stateOf(holder) === 'stopped',
      ...(memory !== undefined && { residentBytes: memory }),
      ...(record && {
        run: record.run,
        startedAt: record.startedAt,
        uptimeSeconds: Math.max(0, Math.round((Date.now() - Date.parse(record.startedAt)) / 1000)),
        redisSocket: record.redisSocket,
        postgresSocket: record.postgresSocket,
      }),
    };
  }

  /**
   * Ends the host, also one that does not answer, and waits until it is gone.
   * @returns whether there was one.
   * @throws AppError `local_engine_stuck` if not even SIGKILL ends it.
   */
  async stop(): Promise<boolean> {
    if (!checkPrivateFolder(this.#folder)) return false;
    try {
      return await this.#withStartLock(() => this.#endHost());
    } catch (error) {
      if (error instanceof AppError) throw error;
      // The folder is full or read-only, so nothing can be started either.
      return this.#endHost();
    }
  }

  /**
   * Ends the host and removes the accounts; sessions end with the host. Databases that were moved aside stay.
   * @throws AppError as `stop`.
   */
  async reset(): Promise<void> {
    if (!checkPrivateFolder(this.#folder)) return;
    await this.#orFailed(() =>
      this.#withStartLock(async () => {
        await this.#endHost();
        rmSync(this.#files.postgres, { recursive: true, force: true });
      }),
    );
  }

  /** The record of a host that lives and that this version can use. */
  #usableRecord(): HostRecord | undefined {
    if (!checkPrivateFolder(this.#folder)) return undefined;
    const record = readRecord(this.#folder);
    if (record?.protocol !== hostProtocol) return undefined;
    const state = holderState(this.#files.hostLock, record);
    if (state === 'gone' || state === 'elsewhere') return undefined;
    return checkSocket(record.redisSocket) && checkSocket(record.postgresSocket) ? record : undefined;
  }

  /** The same, unless the host does nothing but exist. */
  async #answeringRecord(): Promise<HostRecord | undefined> {
    const deadline = performance.now() + stuckAfterMs;
    for (;;) {
      const record = this.#usableRecord();
      if (record === undefined || stateOf(record) === 'running') return record;
      if (performance.now() > deadline) throw this.#stuck(record.pid);
      await sleep(pollMs);
    }
  }

  /** Who serves the folder, whether it is ready, of this version, or neither. */
  #liveHolder(): LockHolder | undefined {
    const holder = readLock(this.#files.hostLock);
    if (holder === undefined) return undefined;
    const state = holderState(this.#files.hostLock, holder);
    if (state === 'elsewhere')
      throw this.#failed('the data folder is in use on another machine or in a container');
    return state === 'gone' ? undefined : holder;
  }

  async #start(sockets: string, onProgress: (step: 'starting' | 'ready') => void): Promise<HostRecord> {
    const deadline = performance.now() + startLimitMs;
    const there = await this.#waitForHolder(deadline);
    if (there !== undefined) return there;
    onProgress('starting');
    const { spawn } = await import('node:child_process');
    const { hostScript, execArgv = [], idleSeconds } = this.#options;
    const args = hostArguments({ folder: this.#folder, sockets, log: this.log, idleSeconds });
    const child = spawn(
      process.execPath,
      // WASI, which Valkey is built for, is experimental in Node.
      [...execArgv, '--disable-warning=ExperimentalWarning', hostScript, ...args],
      { detached: true, stdio: 'ignore', cwd: '/', env: hostEnvironment(process.env) },
    );
    child.unref();
    let ended: string | undefined;
    child.once('error', (error: NodeJS.ErrnoException) => {
      ended = error.code ?? error.message;
    });
    child.once('exit', (code, signal) => {
      ended = describeExit(code, signal);
    });
    for (;;) {
      const record = await this.#answeringRecord();
      if (record !== undefined) {
        onProgress('ready');
        return record;
      }
      // Where ours has ended because another one was faster, wait for that.
      if (ended !== undefined && this.#liveHolder() === undefined) throw this.#failed(ended);
      if (performance.now() > deadline) throw this.#stuck(child.pid ?? 0);
      await sleep(pollMs);
    }
  }

  /**
   * Waits while a host is starting or ending, and ends one that is of no use: of another protocol, or cut off
   * from its sockets.
   */
  async #waitForHolder(deadline: number): Promise<HostRecord | undefined> {
    for (;;) {
      const record = await this.#answeringRecord();
      if (record !== undefined) return record;
      const holder = this.#liveHolder();
      if (holder === undefined) return undefined;
      const isListed = readRecord(this.#folder)?.pid === holder.pid;
      if (isListed && this.#usableRecord() === undefined) await this.#endProcess(holder);
      if (performance.now() > deadline || stateOf(holder) === 'stopped') throw this.#stuck(holder.pid);
      await sleep(pollMs);
    }
  }

  async #endHost(): Promise<boolean> {
    const holder = this.#liveHolder();
    if (holder !== undefined) await this.#endProcess(holder);
    return holder !== undefined;
  }

  async #endProcess(holder: LockHolder): Promise<void> {
    const isGone = async (limitMs: number, ...signals: NodeJS.Signals[]) => {
      const deadline = performance.now() + limitMs;
      for (const signal of signals) if (stateOf(holder) !== 'gone') kill(holder.pid, signal);
      while (stateOf(holder) !== 'gone') {
        if (performance.now() > deadline) return false;
        await sleep(pollMs);
      }
      return true;
    };
    // One that is stopped reads no signal until it is continued.
    if (await isGone(endGraceMs, 'SIGTERM', 'SIGCONT')) return;
    if (!(await isGone(killLimitMs, 'SIGKILL'))) throw this.#stuck(holder.pid);
  }

  /**
   * Does something that no other command may do at the same time. Hosts exclude each other by themselves: the
   * lock is there so that few are started in vain, and may be passed over where its holder does nothing.
   * @param meanwhile asked while another has the lock; what it gives, if anything, is the result
   */
  async #withStartLock<T>(
    action: () => Promise<T>,
    meanwhile: () => Promise<T | undefined> = async () => undefined,
  ): Promise<T> {
    const deadline = performance.now() + startLimitMs;
    let lock: HeldLock | undefined;
    for (;;) {
      lock = tryLock(this.#files.startLock);
      if (lock !== undefined) break;
      const result = await meanwhile();
      if (result !== undefined) return result;
      const holder = readLock(this.#files.startLock);
      if (holder !== undefined && holderState(this.#files.startLock, holder) === 'stopped') break;
      if (performance.now() > deadline) throw this.#stuck(holder?.pid ?? 0);
      await sleep(pollMs);
    }
    try {
      return await action();
    } finally {
      lock?.release();
    }
  }

  /** Words the errors of the file system: full, read-only, gone. */
  async #orFailed<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (error instanceof AppError || code === undefined) throw error;
      throw this.#failed(path === undefined ? code : `${code}: ${path}`, error);
    }
  }

  #setAsideFolders(): string[] {
    if (!existsSync(this.#folder)) return [];
    const names = readdirSync(this.#folder).filter((name) => name.startsWith('postgres.unreadable-'));
    return names.sort().map((name) => join(this.#folder, name));
  }

  #hostOf({ pid, run, redisSocket, postgresSocket, startedAt, setAside }: HostRecord): LocalHost {
    const server = `embedded:${this.folderId}:${run}`;
    const host = { pid, run, server, redisSocket, postgresSocket, startedAt };
    return setAside === undefined ? host : { ...host, setAside };
  }

  #failed(detail: string, cause?: unknown): AppError {
    const log = existsSync(this.log) ? { log: this.log } : {}; // A host that never ran has none.
    return new AppError('local_engine_failed', { ...log, detail }, { cause });
  }

  #stuck(pid: number): AppError {
    return new AppError('local_engine_stuck', { pid, folder: this.#folder });
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between.
  }
}

/** Bytes of all files below a folder; 0 if there is none. */
function sizeOf(path: string): number {
  try {
    const stat = lstatSync(path);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  } catch {
    return 0;
  }
}
