import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisConnection } from '../src/lib/connections/redis.ts';
import { redisAddress, redisServerName } from '../src/lib/connections/redis-address.ts';
import type { Session } from '../src/lib/session/session.ts';
import { SessionFile } from '../src/lib/session/session-file.ts';
import { type Profile, SessionService } from '../src/lib/session/session-service.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { harmlessEnvironment } from '../test/support/harmless-environment.ts';
import { makeUserFolders } from '../test/support/user-folders.ts';
import { connect, settingsOf } from './bench-engines.ts';

/** Longer than any bench takes. Seconds. */
const LIFETIME = 3600;

const PROFILE: Profile = {
  user_id: 1,
  email: 'user@example.com',
  rol: 'HUESPED',
  auth_user_id: null,
  huesped_id: 123,
  anfitrion_id: null,
  nombre: 'User Name',
  creado_en: '2025-11-16T15:00:00',
};

/** Starts a session without accounts and passwords, which are not what is measured. */
export async function startSession(connection: RedisConnection): Promise<Session> {
  const service = new SessionService(new SessionStore(connection), { ttl: LIFETIME, maxAge: undefined });
  return service.start(PROFILE, {
    sshConnection: '203.0.113.7 50000 203.0.113.1 22',
    isTerminal: true,
    version: 'airbnb/0.1.0',
  });
}

/** Somebody with a home of their own who is signed in by the token file. */
export interface SignedInUser {
  /** The environment of every command: nothing from outside that could lead it astray or slow it. */
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** @param url where the commands of this user go, if not straight to the server: to a proxy before it */
export async function signedInUser(serverUrl: string, url: string = serverUrl): Promise<SignedInUser> {
  const folders = await makeUserFolders(tmpdir());
  const address = redisAddress(settingsOf(url));
  if (!address) throw new Error('REDIS_URL names no server');
  const connection = connect(serverUrl);
  const { token, mark, wire } = await startSession(connection).finally(() => connection.close());
  new SessionFile(join(folders.home, '.airbnb', 'session')).write({
    token,
    mark,
    email: wire.email,
    userId: wire.user_id,
    server: redisServerName(address),
  });
  const settings = { REDIS_URL: url, AIRBNB_SESSION_TTL: String(LIFETIME) };
  return {
    env: { ...harmlessEnvironment(process.env), ...folders.env, ...settings },
    remove: folders.remove,
  };
}
