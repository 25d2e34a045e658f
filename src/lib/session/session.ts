/**
 * The JSON under `session:<token>`: a wire contract with the Python client, which writes the same ten fields
 * in this order. Times are ISO 8601 without a zone and mean UTC.
 */
export interface WireSession {
  user_id: number;
  email: string;
  rol: string;
  auth_user_id: string | null;
  huesped_id: number | null;
  anfitrion_id: number | null;
  nombre: string;
  /** The account's creation. */
  creado_en: string;
  /** The session's start. Its writer's clock and zone are unknown, so it never ends a session. */
  created_at: string;
  last_activity: string;
  // Ours, after those ten. Extra fields survive the Python client.
  /** Where the session was started, at most 40 bytes. */
  device?: string | null;
  ip?: string | null;
  ip_source?: 'ssh' | 'redis' | null;
  /** The absolute end, in milliseconds since 1970 by Redis' clock. */
  ends_at?: number;
}

/** A session as it lives on a server, with what its token tells. */
export interface Session {
  readonly token: string;
  /** SHA-256 of the token, hex. */
  readonly mark: string;
  readonly wire: WireSession;
  /** Milliseconds until it expires, by Redis' clock; -1 where it has no end, which only a foreign client writes. */
  readonly expiresInMs: number;
}

/** Levels of objects and arrays that the JSON decoder inside Redis reads. */
const MAX_DEPTH = 1000;

/** Why there is no session. */
export type EndReason = 'expired' | 'revoked' | 'corrupt';

/**
 * Reads session JSON. The same verdict as the restore script's, for lists, which read without a script.
 * @returns undefined for what is corrupt: no object, or user_id, email, rol or last_activity missing or of a
 *   wrong type; nor what is nested too deeply for that script.
 */
export function parseWireSession(json: string): WireSession | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const { user_id, email, rol, last_activity, ends_at } = value as Record<string, unknown>;
  const sound =
    Number.isSafeInteger(user_id) &&
    typeof email === 'string' &&
    typeof rol === 'string' &&
    typeof last_activity === 'string' &&
    (ends_at === undefined || ends_at === null || typeof ends_at === 'number');
  // A level takes two characters, so that nearly every session is too short to be looked through.
  const isDeep = json.length > 2 * MAX_DEPTH && isTooDeep(value);
  return sound && !isDeep ? (value as WireSession) : undefined;
}

function isTooDeep(value: object): boolean {
  let level = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((each) => Object.values(each).filter(isObject));
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
