import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HostLog } from './host-log.ts';
import { exitCodeOf, type HostOptions } from './host-options.ts';
import {
  filesIn,
  type HostRecord,
  hostProtocol,
  type PostgresState,
  readRecord,
  writeRecord,
} from './host-record.ts';
import { makePrivateFolder, socketPathsIn } from './local-folders.ts';
import { foreignLeaseMs, type HeldLock, tryLock } from './lock-file.ts';
import { archiveName } from './postgres-archive.ts';
import { type BackendEvent, PGliteBackend } from './postgres-backend.ts';
import { PostgresServer } from './postgres-server.ts';
import { ownIdentity } from './process-identity.ts';
import { type EmbeddedValkey, startValkey } from './valkey.ts';
import { valkeyCommand } from './valkey-command.ts';

/** How often the host looks whether it can still be found, and says that it lives. Milliseconds. */
const watchMs = foreignLeaseMs / 6;

/** Sessions are small: so many bytes hold a hundred thousand. Beyond, Valkey refuses to write. */
const largestValkey = 128 * 1024 * 1024;

/** Time for a client that has read the record just now to connect before the host ends for idleness. */
const lastCallMs = 50;

const endLimitMs = 6_000;

/** 1 if a session lives, by whatever keys the marks and indexes have. */
const anySessionScript = `
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', 'session:*', 'COUNT', 1000)
  for _, key in ipairs(page[2]) do
    if redis.call('EXISTS', key) == 1 then return 1 end
  end
  cursor = page[1]
until cursor == '0'
return 0`;

/** The embedded engines, served to every command until nobody needs them. It is the whole of its process. */
export class EngineHost {
  readonly #options: HostOptions;
  readonly #log: HostLog;
  readonly #sockets: ReturnType<typeof socketPathsIn>;
  readonly #run = randomBytes(8).toString('hex');
  readonly #startedAt = new Date().toISOString();
  readonly #backend: PGliteBackend;
  readonly #postgres: PostgresServer;
  #valkey: EmbeddedValkey | undefined;
  #lock: HeldLock | undefined;
  #postgresState: PostgresState = 'off';
  #setAside: string | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #listed = false;
  #ending = false;

  /**
   * Runs a host until it ends, and the process with it. A second host of the same data folder ends at once.
   * @param script path of the script that runs this and, in a thread, PostgreSQL; the archive of a new
   * database is beside it
   */
  static async run(script: string, options: HostOptions): Promise<void> {
    process.umask(0o077);
    const host = new EngineHost(script, options);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => void host.#end(0, signal));
    }
    process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
      void host.#end(exitCodeOf(error), `crashed: ${error.name}: ${error.message}`);
    });
    await host.#start();
  }

  private constructor(script: string, options: HostOptions) {
    this.#options = options;
    this.#log = new HostLog(options.log);
    this.#sockets = socketPathsIn(options.sockets);
    const onConnectionsChanged = () => this.#watchIdleness();
    this.#backend = new PGliteBackend({
      script,
      folder: filesIn(options.folder).postgres,
      archive: join(dirname(script), archiveName),
      onEvent: (event) => this.#onBackendEvent(event),
    });
    this.#postgres = new PostgresServer({
      socket: this.#sockets.postgres,
      backend: () => this.#backend.get(),
      onConnectionsChanged,
    });
  }

  async #start(): Promise<void> {
    const { folder, sockets } = this.#options;
    makePrivateFolder(folder);
    makePrivateFolder(sockets);
    this.#lock = tryLock(filesIn(folder).hostLock);
    if (this.#lock === undefined) return this.#end(1, 'another host serves this folder');
    // Whoever left these is gone, or would hold the lock.
    for (const path of Object.values(this.#sockets)) rmSync(path, { force: true });
    this.#valkey = await startValkey({
      socket: this.#sockets.redis,
      onConnectionsChanged: () => this.#watchIdleness(),
      onCrash: (error) => void this.#end(1, `Valkey crashed: ${error}`),
    });
    await this.#postgres.listen();
    await valkeyCommand(this.#sockets.redis, ['CONFIG', 'SET', 'maxmemory', String(largestValkey)], 5_000);
    this.#list();
    this.#log.write(`ready: run ${this.#run}, Node ${process.version}, ${folder}`);
    this.#watchIdleness();
    setInterval(() => this.#watchFiles(), watchMs).unref();
  }

  #list(): void {
    const record: HostRecord = {
      ...ownIdentity(),
      protocol: hostProtocol,
      run: this.#run,
      redisSocket: this.#sockets.redis,
      postgresSocket: this.#sockets.postgres,
      startedAt: this.#startedAt,
      postgres: this.#postgresState,
      ...(this.#setAside !== undefined && { setAside: this.#setAside }),
    };
    writeRecord(this.#options.folder, record);
    this.#listed = true;
  }

  #unlist(): void {
    const { folder } = this.#options;
    if (readRecord(folder)?.run === this.#run) rmSync(filesIn(folder).record, { force: true });
    this.#listed = false;
  }

  #onBackendEvent(event: BackendEvent): void {
    this.#log.write(
      `PostgreSQL ${[event.kind, 'path' in event && basename(event.path), 'message' in event && event.message]
        .filter(Boolean)
        .join(': ')}`,
    );
    if (event.kind === 'set_aside') this.#setAside = event.path;
    else if (event.kind === 'closed') this.#postgresState = 'off';
    else if (event.kind !== 'not_migrated') this.#postgresState = event.kind;
    if (!this.#listed) return;
    try {
      this.#list();
    } catch (error) {
      this.#log.write(`the record cannot be written: ${(error as Error).message}`);
    }
  }

  /** A host that cannot be found any more is of no use to anybody, and in the way of the next one. */
  #watchFiles(): void {
    try {
      this.#lock?.refresh();
      if (readRecord(this.#options.folder)?.run !== this.#run) return void this.#end(0, 'the record is gone');
      for (const path of Object.values(this.#sockets)) statSync(path);
    } catch (error) {
      void this.#end(0, (error as Error).message);
    }
  }

  get #connections(): number {
    return this.#postgres.connections + (this.#valkey?.connections ?? 0);
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    if (this.#connections > 0 || this.#ending) return;
    this.#idleTimer = setTimeout(
      () => void this.#endIfUnused(),
      Math.max(1, this.#options.idleSeconds) * 1000,
    );
  }

  async #endIfUnused(): Promise<void> {
    // The question is a connection too: when it has gone, the time of idleness begins again.
    const answer = await valkeyCommand(this.#sockets.redis, ['EVAL', anySessionScript, '0'], 5_000).catch(
      (error: Error) => error.message,
    );
    if (answer !== ':0') return;
    this.#unlist();
    await new Promise((resolve) => setTimeout(resolve, lastCallMs));
    if (this.#connections > 0 && !this.#ending) return this.#list();
    await this.#end(0, 'idle');
  }

  async #end(code: number, reason: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#log.write(`ends: ${reason}`);
    // Whatever happens below, the process is not to outlive its end by long.
    setTimeout(() => process.exit(code), endLimitMs);
    try {
      if (this.#lock !== undefined) this.#unlist();
      this.#postgres.close();
      await this.#valkey?.close();
      await this.#backend.close();
    } catch (error) {
      this.#log.write(`end: ${(error as Error).message}`);
    } finally {
      this.#lock?.release();
      process.exit(code);
    }
  }
}
