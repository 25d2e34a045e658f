import { randomBytes } from 'node:crypto';
import { redisServerName } from '../../src/lib/connections/redis-address.ts';
import type { WireSession } from '../../src/lib/session/session.ts';
import type { User } from './cli.ts';
import { engines } from './engines.ts';
import { PythonClient } from './python-client.ts';
import { sampleSession } from './sample-session.ts';
import { addressOf, plainClient } from './session-backend.ts';
import { writeTokenFile } from './token-file.ts';

export interface HeldSession {
  token: string;
  wire: WireSession;
}

export interface HeldSessionOptions {
  /** The Redis that it lives in: the suite's unless said. */
  url?: string;
  /** Seconds. */
  ttl?: number;
  wire?: Partial<WireSession>;
}

export interface HoldSessionOptions extends HeldSessionOptions {
  /** The Redis that the token file names, where that is another. */
  claimedUrl?: string;
}

/** A live session in Redis whose token nobody has yet; of no account, and so far faster to have than by a login. */
export async function startSession({ url = engines.redisUrl, ttl = 90, wire }: HeldSessionOptions = {}) {
  const session: HeldSession = { token: randomBytes(32).toString('base64url'), wire: sampleSession(wire) };
  const redis = plainClient(url);
  try {
    await new PythonClient(redis, ttl).login(session.token, { ...session.wire });
    return session;
  } finally {
    redis.disconnect();
  }
}

/** The same, with its token in the user's token file. */
export async function holdSession(
  user: User,
  { claimedUrl, ...options }: HoldSessionOptions = {},
): Promise<HeldSession> {
  const session = await startSession(options);
  await writeTokenFile(user, tokenFileOf(session, claimedUrl ?? options.url));
  return session;
}

/** What the token file of a session holds. */
export function tokenFileOf({ token, wire }: HeldSession, url: string = engines.redisUrl) {
  const server = redisServerName(addressOf(url));
  return { v: 1, token, email: wire.email, user_id: wire.user_id, server };
}
