import type { SessionLifetime } from '../config.ts';
import { AppError } from '../errors.ts';
import { describeDevice, type Surroundings, sshAddress } from './device.ts';
import type { Session, WireSession } from './session.ts';
import type { Credential, Listing, Restored, ServerFacts, SessionStore } from './session-store.ts';
import { idOfMark, markOf, newToken } from './session-token.ts';
import { fromWireTime, toWireTime } from './wire-time.ts';

/** What a session says of the account that it belongs to. */
export type Profile = Pick<
  WireSession,
  'user_id' | 'email' | 'rol' | 'auth_user_id' | 'huesped_id' | 'anfitrion_id' | 'nombre' | 'creado_en'
>;

/** Called with how many of how many sessions are through. */
export type OnProgress = (done: number, total: number) => void;

/** The oldest servers whose commands we use. */
const MIN_REDIS = [6, 2] as const;
const MIN_VALKEY = [7, 2] as const;

/** The life of sessions: start, restore, list, end. Where they live is the store's business. */
export class SessionService {
  readonly #store: SessionStore;
  readonly #lifetime: SessionLifetime;
  #assured: { readonly facts: ServerFacts /** Seconds since we started. */; readonly at: number } | undefined;

  constructor(store: SessionStore, lifetime: SessionLifetime) {
    this.#store = store;
    this.#lifetime = lifetime;
  }

  /**
   * Starts a new session for an account whose credentials were verified.
   * @param token a new one, for which there was time before
   * @throws AppError `unsupported_version` where the server is too old
   */
  async start(profile: Profile, surroundings: Surroundings, token = newToken()): Promise<Session> {
    const facts = await this.#recentFacts();
    const now = toWireTime(new Date());
    const ssh = sshAddress(surroundings.sshConnection);
    const { ttl, maxAge } = this.#lifetime;
    const wire: WireSession = {
      user_id: profile.user_id,
      email: profile.email,
      rol: profile.rol,
      auth_user_id: profile.auth_user_id,
      huesped_id: profile.huesped_id,
      anfitrion_id: profile.anfitrion_id,
      nombre: profile.nombre,
      creado_en: profile.creado_en,
      created_at: now,
      last_activity: now,
      device: describeDevice(surroundings),
      ip: ssh ?? facts.address,
      ip_source: ssh ? 'ssh' : facts.address ? 'redis' : null,
      ...(maxAge === undefined ? {} : { ends_at: facts.now + maxAge * 1000 }),
    };
    await this.#store.start(token, wire, ttl * 1000);
    return { token, mark: markOf(token), wire, expiresInMs: ttl * 1000 };
  }

  /**
   * Restores and refreshes the session of a token.
   * @throws AppError `expired`, `revoked` or `corrupt`
   */
  async restore(credential: Credential): Promise<Session> {
    return liveOf(await this.#store.restore(credential, this.#lifetime.ttl, new Date()));
  }

  /**
   * Looks at the session of a token without refreshing it, or changing anything else.
   * @throws AppError `expired`, `revoked` or `corrupt`, as a restore would
   */
  async look(credential: Credential): Promise<Session> {
    return liveOf(await this.#store.look(credential));
  }

  /** A user's live sessions, newest first; none of them is refreshed. */
  async list(userId: number): Promise<Listing> {
    const listing = await this.#store.list(userId);
    listing.sessions.sort(newestFirst);
    return listing;
  }

  /**
   * Some of a user's live sessions, newest first, for completion: changes nothing, not even what is dead in the index,
   * and takes no longer where there are very many.
   * @param prefix what their ids begin with, in hex
   */
  async glance(userId: number, prefix: string): Promise<Session[]> {
    const wanted = prefix.toLowerCase();
    const sessions = await this.#store.glance(userId, (mark) => idOfMark(mark).startsWith(wanted));
    return sessions.sort(newestFirst);
  }

  /**
   * Ends one session.
   * @param userId whose it is; where only the token is known, the session tells
   * @returns how many were alive: 0 or 1
   */
  async end(token: string, userId: number | undefined): Promise<number> {
    return this.#store.end([token], userId ?? (await this.#store.ownerOf(token)));
  }

  /**
   * Ends some of a user's own sessions. All ids are resolved before any session is ended.
   * @param ids unambiguous beginnings of session ids, in hex
   * @returns how many were ended
   * @throws AppError `unknown_session` for an id that is none of this user's, whoever's it is; `ambiguous_session`
   */
  async revoke(userId: number, ids: readonly string[]): Promise<number> {
    const { sessions } = await this.#store.list(userId);
    const tokens = ids.map((id) => {
      const prefix = id.toLowerCase();
      const matches = sessions.filter(({ mark }) => idOfMark(mark).startsWith(prefix));
      if (matches.length > 1) throw new AppError('ambiguous_session', { id });
      const match = matches[0];
      if (!match) throw new AppError('unknown_session', { id });
      return match.token;
    });
    return this.#store.end([...new Set(tokens)], userId);
  }

  /**
   * Ends all of a user's sessions, those that cannot be read included.
   * @param except a token that stays
   * @param last a token that is ended after all others: where this breaks off, its session can still try again
   * @returns how many were ended
   */
  async revokeAll(
    userId: number,
    {
      except,
      last,
      onProgress,
    }: { except?: string | undefined; last?: string; onProgress?: OnProgress } = {},
  ): Promise<number> {
    const tokens = (await this.#store.tokensOf(userId)).filter((token) => token !== except);
    tokens.sort((a, b) => Number(a === last) - Number(b === last));
    return this.#store.end(tokens, userId, onProgress);
  }

  /** What the server says of itself. @throws AppError `unsupported_version`, or of the engine */
  async facts(): Promise<ServerFacts> {
    const facts = await this.#store.facts();
    refuseOldServer(facts);
    return facts;
  }

  /**
   * Makes sure that the server answers, and that it serves keys. A start after this need not ask again.
   * @param timeout milliseconds
   * @throws AppError as {@link SessionService.facts}
   */
  async assureReachable(timeout: number): Promise<void> {
    const facts = await this.#store.facts(timeout);
    refuseOldServer(facts);
    this.#assured = { facts, at: process.uptime() };
  }

  /** The address from which the server sees us, null where it does not tell; undefined where it was not asked. */
  get assuredAddress(): string | null | undefined {
    return this.#assured?.facts.address;
  }

  /** The facts that are known already, with the clock moved on, or new ones. */
  async #recentFacts(): Promise<ServerFacts> {
    if (!this.#assured) return this.facts();
    const { facts, at } = this.#assured;
    return { ...facts, now: facts.now + Math.round((process.uptime() - at) * 1000) };
  }
}

function newestFirst(a: Session, b: Session): number {
  const start = ({ wire }: Session) => fromWireTime(wire.created_at)?.getTime() ?? 0;
  return start(b) - start(a) || (a.mark < b.mark ? -1 : 1);
}

/** @throws AppError with the reason for which there is no session */
function liveOf(restored: Restored): Session {
  if ('ended' in restored) throw new AppError(restored.ended);
  return restored.session;
}

/** @throws AppError `unsupported_version`. A server that does not tell its version is taken as it is. */
function refuseOldServer({ redisVersion, valkeyVersion }: ServerFacts): void {
  const [name, version, min] = valkeyVersion
    ? ['Valkey', valkeyVersion, MIN_VALKEY]
    : ['Redis', redisVersion, MIN_REDIS];
  if (version === undefined) return;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > min[0] || (major === min[0] && minor >= min[1])) return;
  throw new AppError('unsupported_version', { product: name, version, minimum: min.join('.') });
}
