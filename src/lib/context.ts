import { join } from 'node:path';
import type { LoginLimiter } from './auth/login-limiter.ts';
import { type Config, loadConfig, type SessionLifetime } from './config.ts';
import type { RedisConnection, RedisTarget } from './connections/redis.ts';
import { redisServerName } from './connections/redis-address.ts';
import type { Database } from './database.ts';
import { AppError } from './errors.ts';
import type { LocalEngines, LocalEnginesOptions, LocalHost } from './local/local-engines.ts';
import type { StandIn, StandIns } from './local/stand-ins.ts';
import { findHeldSession, type HeldSession } from './session/current-session.ts';
import type { Surroundings } from './session/device.ts';
import type { Session } from './session/session.ts';
import { SessionFile } from './session/session-file.ts';
import type { SessionService } from './session/session-service.ts';
import type { Environment } from './settings.ts';

/** Where the sessions of a command live; nothing else knows. */
export interface SessionBackend {
  readonly redis: RedisConnection;
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

/** Where a token belongs, as far as that can be told before any server is asked. */
export type Place =
  | { readonly kind: 'configured' }
  /** On this machine. There is no host where the one that issued the token has ended, and its sessions with it. */
  | { readonly kind: 'embedded' | 'stand_in'; readonly host: LocalHost | undefined };

/** What a person should hear of while a command goes on. */
export type Notice =
  | 'embedded_starting'
  | 'embedded_valkey_starting'
  | 'embedded_started'
  | 'stand_in_starting'
  | 'stand_in_started'
  | 'stand_in_used';

/**
 * Milliseconds in which a Redis has to answer before it counts as unreachable and a stand-in may take its place: with
 * the start of that, and the test of a password, a login is to end within two seconds.
 */
const REACHABLE_TIMEOUT = 1_000;

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
 * The composition root: makes connections and services when they are first asked for, once, and closes what it made,
 * or leaves it to a process that ends. Nothing heavy is imported before it is needed.
 */
export class Context {
  readonly #options: ContextOptions;
  #config: Config | undefined;
  /** By the name of the server. */
  readonly #backends = new Map<string, Promise<SessionBackend>>();
  #backend: Promise<SessionBackend> | undefined;
  /** Whether it has come to a stand-in, whose failures are not those of the Redis that the settings name. */
  #isDegraded = false;
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
    return new SessionFile(this.config.sessionFile, this.config.tokenKey);
  }

  /** What sessions record of how they were started. */
  get surroundings(): Surroundings {
    const { environment, isTerminal, version } = this.#options;
    return { sshConnection: environment.SSH_CONNECTION, isTerminal: isTerminal(), version };
  }

  /** The token of this command. @throws AppError `never`, `malformed`, `token_key` or `token_file_unsafe` */
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
   * Where a token may be used. Starts nothing. A token of a stand-in is good while its Redis is away: that is asked
   * first whether it is back, without the token.
   * @throws AppError `other_server` for the token of another server, or of a stand-in whose Redis is back; `expired` for
   *   that of an embedded engine that has ended since, which took its sessions with it; what Redis fails with where it
   *   may not be stood in for
   */
  async backendOf(held: HeldSession): Promise<SessionBackend> {
    const place = await this.placeOf(held);
    if (place.kind === 'stand_in') await this.#assertAway();
    const backend = await this.backendAt(place);
    if (backend.degraded) this.#options.onNotice('stand_in_used');
    return backend;
  }

  /**
   * What keeps the sessions of a place, asked by nobody yet. Starts nothing.
   * @throws AppError `expired` where that has ended
   */
  async backendAt(place: Place): Promise<SessionBackend> {
    if (place.kind === 'configured') return this.configuredBackend();
    if (!place.host) throw new AppError('expired');
    return this.#openHost(place.host, place.kind === 'stand_in');
  }

  /**
   * Where a token belongs. Starts nothing and sends nothing.
   * @throws AppError `other_server`
   */
  async placeOf({ server: issuer }: HeldSession): Promise<Place> {
    const address = this.config.redis;
    if (address && (issuer === undefined || issuer === redisServerName(address))) {
      return { kind: 'configured' };
    }
    if (!address) this.refuseEmbedded('REDIS_URL');
    const standIn = address && issuer?.startsWith('embedded:') ? await this.#standIn() : undefined;
    const engines = address ? standIn?.engines : await this.localEngines();
    if (!engines || (issuer !== undefined && !issuer.startsWith(`embedded:${engines.folderId}:`))) {
      throw new AppError('other_server', issuer === undefined ? {} : { server: issuer });
    }
    const host = await engines.running();
    const isItsHost = issuer === undefined || host?.server === issuer;
    return { kind: address ? 'stand_in' : 'embedded', host: isItsHost ? host : undefined };
  }

  /**
   * Where new sessions start: as {@link Context.configuredBackend}, or in a stand-in on this machine, which is started,
   * where that is a single Redis that cannot be reached and strict mode does not forbid it.
   * @param mayStandIn whether the token is kept where only this machine looks for it
   * @throws AppError `unreachable` where there is no stand-in, or none that starts; what a Redis that answers fails with: that is never stood
   *   in for
   */
  async backend({ mayStandIn = true } = {}): Promise<SessionBackend> {
    this.#backend ??= this.#reachableBackend(mayStandIn);
    return this.#backend;
  }

  /** What the settings name, whether it can be reached or not; the embedded engine, which is started, where they do not. */
  async configuredBackend(): Promise<SessionBackend> {
    const address = this.config.redis;
    if (address) return this.#open(address, redisServerName(address), { engine: 'redis', degraded: false });
    this.refuseEmbedded('REDIS_URL');
    return this.#openHost(await this.#ensureHost(), false);
  }

  /**
   * Refuses an embedded engine in strict mode.
   * @param setting the variable that would name a real one
   * @throws AppError `embedded_forbidden`; `params.both` where neither engine is configured
   */
  refuseEmbedded(setting: 'REDIS_URL' | 'DATABASE_URL'): void {
    if (!this.isStrict) return;
    const both = this.config.redis === undefined && this.config.postgres === undefined;
    throw new AppError('embedded_forbidden', { setting, ...(both && { both: 1 }) });
  }

  /** The token that a login is about to replace, if there is one that can be read. */
  findReplaced(): HeldSession | undefined {
    try {
      return findHeldSession(undefined, this.sessionFile);
    } catch {
      return undefined;
    }
  }

  /**
   * Ends the session of a token file that a login has replaced, where it is one of a stand-in: its Redis is back, and
   * nobody would come across it again. It would end by itself, so a failure is none.
   */
  async endOnStandIn(replaced: HeldSession): Promise<void> {
    try {
      const place = await this.placeOf(replaced);
      if (place.kind !== 'stand_in' || !place.host) return;
      const { sessions } = await this.#openHost(place.host, true);
      await sessions.end(replaced.token, replaced.userId);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
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

  /**
   * Through which every test of a password goes. Attempts are counted where the sessions are; those of a stand-in in
   * PostgreSQL, as who has a stand-in of their own could empty its counters.
   */
  async loginLimiter({ redis, sessions, degraded }: SessionBackend): Promise<LoginLimiter> {
    const database = await this.database();
    return database.loginLimiter(degraded ? undefined : { redis, address: sessions.assuredAddress });
  }

  /** The embedded engines of accounts and sessions, whether they run or not. */
  async localEngines(): Promise<LocalEngines> {
    const { LocalEngines } = await import('./local/local-engines.ts');
    return new LocalEngines(this.#localOptions('embedded'));
  }

  /** What takes the place of Redis servers that cannot be reached. */
  async standIns(): Promise<StandIns> {
    const { StandIns } = await import('./local/stand-ins.ts');
    return new StandIns(this.#localOptions('stand-in'));
  }

  /**
   * What to tell people of an engine that cannot be reached. Where it is an embedded one no setting names it, and it may
   * only be halted; where it is a Redis that can be stood in for, there is something to do until it is back.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof AppError) || error.reason !== 'unreachable') return error;
    if (error.params.standsIn) return error; // All is said.
    const isRedis = error.params.engine === 'redis';
    const standIn = isRedis ? await this.#standIn() : undefined;
    if (standIn && !this.#isDegraded) {
      if (this.isStrict) return error;
      const host = await standIn.engines.running().catch(() => undefined);
      const standsIn = host ? 'running' : 'possible';
      return new AppError('unreachable', { ...error.params, standsIn });
    }
    if (isRedis ? this.config.redis && !standIn : this.config.postgres) return error;
    const engines = standIn?.engines ?? (await this.localEngines());
    return engines.assertAnswering().then(
      () => error,
      (reason: unknown) => reason,
    );
  }

  /**
   * Says goodbye to PostgreSQL, which would tell its log of a client that was gone all at once. Waits for nothing, and
   * leaves the other connections to the end of the process.
   */
  leave(): void {
    this.#database?.then((database) => database.close()).catch(() => {});
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
    if (!this.config.redis) this.refuseEmbedded('REDIS_URL');
    const held = this.findHeld();
    const backend = await this.backendOf(held);
    return { ...backend, session: await find(backend.sessions, held), source: held.source };
  }

  async #reachableBackend(mayStandIn: boolean): Promise<SessionBackend> {
    const configured = await this.configuredBackend();
    const isServer = this.config.redis && 'host' in this.config.redis;
    const failure = isServer ? await this.#whyAway(configured) : undefined;
    if (!failure) return configured;
    const standIn = mayStandIn && !this.isStrict ? await this.#standIn() : undefined;
    if (!standIn) throw failure;
    this.#options.onNotice('stand_in_starting');
    const host = await standIn.ensure().catch((error: unknown) => {
      const didNotStart = error instanceof AppError && error.reason === 'local_engine_failed';
      if (!didNotStart) throw error;
      // It is Redis that is missing: whoever tries again may find it back.
      const why = error.params.detail ?? '';
      throw new AppError('unreachable', { ...failure.params, standsIn: 'failed', why });
    });
    return this.#openHost(host, true);
  }

  /** @throws AppError `other_server` where the configured Redis is back; what it fails with where it must not be replaced */
  async #assertAway(): Promise<void> {
    const configured = await this.configuredBackend();
    const failure = await this.#whyAway(configured);
    if (!failure) throw new AppError('other_server', { server: configured.server, isBack: 1 });
    if (this.isStrict) throw failure;
  }

  /**
   * Asks a server whether it is there.
   * @returns the failure of one that cannot be reached
   * @throws AppError what one fails with that answers
   */
  async #whyAway({ sessions, server }: SessionBackend): Promise<AppError | undefined> {
    try {
      await sessions.assureReachable(REACHABLE_TIMEOUT);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.reason !== 'unreachable') throw error;
      this.#backends.delete(server); // Its connection is of no more use: whoever asks again needs a new one.
      return error;
    }
  }

  /** What may take the place of the configured Redis. A cluster and sentinels have other means. */
  async #standIn(): Promise<StandIn | undefined> {
    const address = this.config.redis;
    if (!address || !('host' in address)) return undefined;
    return (await this.standIns()).for(redisServerName(address));
  }

  #localOptions(folder: 'embedded' | 'stand-in'): LocalEnginesOptions {
    const { folders, localIdle } = this.config;
    return {
      folder: join(folders.data, folder),
      logFolder: folders.state,
      idleSeconds: localIdle,
      hostScript: join(this.#options.packageRoot, 'dist', 'host.js'),
    };
  }

  #openHost(host: LocalHost, degraded: boolean): Promise<SessionBackend> {
    this.#isDegraded = degraded;
    return this.#open({ socket: host.redisSocket }, host.server, { engine: 'embedded', degraded });
  }

  #open(
    target: RedisTarget,
    server: string,
    kind: Pick<SessionBackend, 'engine' | 'degraded'>,
  ): Promise<SessionBackend> {
    const known = this.#backends.get(server);
    if (known) return known;
    const opening = this.#connect(target, server, kind);
    this.#backends.set(server, opening);
    return opening;
  }

  async #connect(
    target: RedisTarget,
    server: string,
    kind: Pick<SessionBackend, 'engine' | 'degraded'>,
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
    return { redis: connection, sessions, server, ...kind };
  }

  async #openDatabase(): Promise<Database> {
    const { config } = this;
    const address = config.postgres;
    if (!address && config.redis) throw new AppError('accounts_not_configured');
    if (!address) this.refuseEmbedded('DATABASE_URL');
    const { openDatabase } = await import('./database.ts');
    const database = openDatabase(address ?? { socket: (await this.#ensureHost()).postgresSocket });
    this.#closing.push(() => database.close());
    return database;
  }

  async #ensureHost(): Promise<LocalHost> {
    const engines = await this.localEngines();
    // Accounts may be in a PostgreSQL that is configured, and only the sessions here.
    const starting = this.config.postgres ? 'embedded_valkey_starting' : 'embedded_starting';
    return engines.ensure((step) =>
      this.#options.onNotice(step === 'starting' ? starting : 'embedded_started'),
    );
  }
}
