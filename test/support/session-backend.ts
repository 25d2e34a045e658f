import { Redis } from 'ioredis';
import { RedisConnection } from '../../src/lib/connections/redis.ts';
import { type RedisAddress, redisAddress } from '../../src/lib/connections/redis-address.ts';
import type { Surroundings } from '../../src/lib/session/device.ts';
import { SessionService } from '../../src/lib/session/session-service.ts';
import { SessionStore } from '../../src/lib/session/session-store.ts';
import { engines } from './engines.ts';
import { settingsOf } from './settings-of.ts';

/** How a session is started that nobody types for, by nobody from afar. */
export const SCRIPTED: Surroundings = {
  sshConnection: undefined,
  isTerminal: false,
  version: 'airbnb/0.1.0',
};

/** Sessions in a Redis as a command has them, and beside them a plain client that sees what is really there. */
export interface SessionBackend {
  connection: RedisConnection;
  store: SessionStore;
  sessions: SessionService;
  redis: Redis;
  close(): void;
}

export interface BackendOptions {
  /** Where our connection goes: the suite's Redis unless said. */
  url?: string;
  /** Where the plain client goes, if not to the same. */
  directUrl?: string;
  ttl?: number;
  maxAge?: number;
}

export function openSessions({
  url = engines.redisUrl,
  directUrl = url,
  ttl = 90,
  maxAge,
}: BackendOptions = {}): SessionBackend {
  const connection = new RedisConnection(addressOf(url));
  const store = new SessionStore(connection);
  const redis = plainClient(directUrl);
  return {
    connection,
    store,
    sessions: new SessionService(store, { ttl, maxAge }),
    redis,
    close: () => {
      connection.close();
      redis.disconnect();
    },
  };
}

/** A URL as REDIS_URL would be read. */
export function addressOf(url: string): RedisAddress {
  const address = redisAddress(settingsOf({ REDIS_URL: url }));
  if (!address) throw new Error(`${url} names no server`);
  return address;
}

/** ioredis without anything that it would send by itself. */
export function plainClient(url: string): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  return client;
}
