import { join } from 'node:path';
import { type Config, loadConfig, type SessionLifetime } from './config.ts';
import type { RedisTarget } from './connections/redis.ts';
import { redisServerName } from './connections/redis-address.ts';
import type { Database } from './database.ts';
import { AppError } from './errors.ts';
import type { LocalEngines, LocalHost } from './local/local-engines.ts';
import { findHeldSession, type HeldSession } from './session/current-session.ts';
import type { Surroundings } from './session/device.ts';
import type { Session } from './session/session.ts';
import { SessionFile } from './session/session-file.ts';
import type { SessionService } from './session/session-service.ts';
import type { Environment } from './settings.ts';

/** Where the sessions of a command live; nothing else knows. */
export interface SessionBackend {
  readonly sessions: SessionService;
  /** The server's name in the token file. */
  readonly server: string;
  readonly engine: 'redis' | 'embedded';
  /** Whether it stands in for a configured Redis that cannot be reached. */
  readonly degraded: boolean;
}

/** A live session with where it lives and where its token came from. */
export interface LiveSession extends SessionBackend {
  readonly session: Session;
  readonly source: HeldSession['source'];
}

/** What a person should hear of while a command goes on. */
export type Notice = 'embedded_starting' | 'embedded_started';

export interface ContextOptions {
  readonly environment: Environment;
  /** Folder of the package's own package.json. */
  readonly packageRoot: string;
  /** As sessions record it: `airbnb/0.1.0`. */
  readonly version: string;
  /** `--strict`; AIRBNB_STRICT says the same. */
  readonly strict: boolean;
  /** Asked only where it matters: stdin takes Node some milliseconds to open. */
  readonly isTerminal: () => boolean;
  readonly onNotice: (notice: Notice) => void;
}

/**
 * The composition root: makes connections and services when they are first asked for, once, and closes what it
 * made. Nothing heavy is imported before it is needed.
 */
export class Context {
  readonly #options: ContextOptions;
  #config: Config | undefined;
  #backend: Promise<SessionBackend> | undefined;
  #database: Promise<Database> | undefined;
  #closing: (() => unknown)[] = [];

  constructor(options: ContextOptions) {
    this.#options = options;
  }

  /** What is configured; its parts are read when they are asked for. @throws AppError of class bad configuration */
  get config(): Config {
    this.#config ??= loadConfig(this.#options.environment, this.#options.packageRoot);
    return this.#config;
  }

  get isStrict(): boolean {
    return this.#options.strict || this.config.strict;
  }

  get sessionFile(): SessionFile {
    return new SessionFile(this.config.sessionFile);
  }

  /** What sessions record of how they were started. */
  get surroundings(): Surroundings {
    const { environment, isTerminal, version } = this.#options;
    return { sshConnection: environment.SSH_CONNECTION, isTerminal: isTerminal(), version };
  }

  /** The token of this command. @throws AppError `never`, `malformed` or `token_file_unsafe` */
  findHeld(): HeldSession {
    return findHeldSession(this.config.token, this.sessionFile);
  }

  /**
   * Restores and refreshes the session of the token that this command has.
   * @throws AppError of class not signed in, or of an engine
   */
  async restore(): Promise<LiveSession> {
    return this.#liveBy((sessions, held) => sessions.restore(held));
  }

  /**
   * Looks at that session without refreshing it. Starts nothing and changes nothing.
   * @throws AppError as a restore does
   */
  async look(): Promise<LiveSession> {
    return this.#liveBy((sessions, held) => sessions.look(held));
  }

  /**
   * Where a token may be used. Starts nothing and sends nothing.
   * @throws AppError `other_server` for the token of another server; `expired` for that of an embedded engine
   *   that has ended since, which took its sessions with it
   */
  async backendOf(held: HeldSession): Promise<SessionBackend> {
    const address = this.config.redis;
    if (address) {
      const server = redisServerName(address);
      if (held.server !== undefined && held.server !== server) {
        throw new AppError('other_server', { server: held.server });
      }
      return this.#memoise(() => this.#open(address, server, 'redis'));
    }
    this.#refuseEmbedded('REDIS_URL', address);
    const engines = await this.localEngines();
    if (held.server !== undefined && !held.server.startsWith(`embedded:${engines.folderId}:`)) {
      throw new AppError('other_server', { server: held.server });
    }
    const host = await engines.running();
    if (!host || (held.server !== undefined && held.server !== host.server)) throw new AppError('expired');
    return this.#memoise(() => this.#openHost(host));
  }

  /** Where new sessions start. Starts the embedded engine where no Redis is configured. */
  async backend(): Promise<SessionBackend> {
    return this.#memoise(async () => {
      const address = this.config.redis;
      if (address) return this.#open(address, redisServerName(address), 'redis');
      this.#refuseEmbedded('REDIS_URL', address);
      return this.#openHost(await this.#ensureHost());
    });
  }

  /**
   * Accounts and their tables; loads pg, kysely and bcrypt. Starts the embedded engine where nothing is configured.
   * @throws AppError `accounts_not_configured` where Redis is configured and PostgreSQL is not: user 1 of the
   *   embedded database would be handed the sessions of the real user 1
   */
  async database(): Promise<Database> {
    this.#database ??= this.#openDatabase();
    return this.#database;
  }

  /** The embedded engines of accounts and sessions, whether they run or not. */
  async localEngines(): Promise<LocalEngines> {
    const { LocalEngines } = await import('./local/local-engines.ts');
    const { folders, localIdle } = this.config;
    return new LocalEngines({
      folder: join(folders.data, 'embedded'),
      logFolder: folders.state,
      idleSeconds: localIdle,
      hostScript: join(this.#options.packageRoot, 'dist', 'host.js'),
    });
  }

  /**
   * What to tell people of an engine that cannot be reached, where it is an embedded one: no setting names it, and
   * it may only be halted.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof AppError) || error.reason !== 'unreachable') return error;
    const configured = error.params.engine === 'postgres' ? this.config.postgres : this.config.redis;
    if (configured) return error;
    const engines = await this.localEngines();
    return engines.assertAnswering().then(
      () => error,
      (reason: unknown) => reason,
    );
  }

  /** Closes every connection that was made. */
  async close(): Promise<void> {
    const closing = this.#closing;
    this.#closing = [];
    await Promise.allSettled(closing.map((close) => close()));
  }

  async #liveBy(
    find: (sessions: SessionService, held: HeldSession) => Promise<Session>,
  ): Promise<LiveSession> {
    this.#refuseEmbedded('REDIS_URL', this.config.redis);
    const held = this.findHeld();
    const backend = await this.backendOf(held);
    return { ...backend, session: await find(backend.sessions, held), source: held.source };
  }

  #memoise(make: () => Promise<SessionBackend>): Promise<SessionBackend> {
    this.#backend ??= make();
    return this.#backend;
  }

  #openHost(host: LocalHost): Promise<SessionBackend> {
    return this.#open({ socket: host.redisSocket }, host.server, 'embedded');
  }

  async #open(
    target: RedisTarget,
    server: string,
    engine: SessionBackend['engine'],
  ): Promise<SessionBackend> {
    const [{ RedisConnection }, { SessionStore }, { SessionService }] = await Promise.all([
      import('./connections/redis.ts'),
      import('./session/session-store.ts'),
      import('./session/session-service.ts'),
    ]);
    const connection = new RedisConnection(target);
    this.#closing.push(() => connection.close());
    const { config } = this;
    // Read when it is needed: a bad one is no reason for doctor not to ask whether Redis answers.
    const lifetime: SessionLifetime = {
      get ttl() {
        return config.lifetime.ttl;
      },
      get maxAge() {
        return config.lifetime.maxAge;
      },
    };
    const sessions = new SessionService(new SessionStore(connection), lifetime);
    return { sessions, server, engine, degraded: false };
  }

  async #openDatabase(): Promise<Database> {
    const { config } = this;
    const address = config.postgres;
    if (!address && config.redis) throw new AppError('accounts_not_configured');
    this.#refuseEmbedded('DATABASE_URL', address);
    const { openDatabase } = await import('./database.ts');
    const database = openDatabase(address ?? { socket: (await this.#ensureHost()).postgresSocket });
    this.#closing.push(() => database.close());
    return database;
  }

  async #ensureHost(): Promise<LocalHost> {
    const engines = await this.localEngines();
    return engines.ensure((step) =>
      this.#options.onNotice(step === 'starting' ? 'embedded_starting' : 'embedded_started'),
    );
  }

  #refuseEmbedded(setting: string, configured: unknown): void {
    if (!configured && this.isStrict) throw new AppError('embedded_forbidden', { setting });
  }
}
