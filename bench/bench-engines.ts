import { RedisConnection } from '../src/lib/connections/redis.ts';
import { redisAddress } from '../src/lib/connections/redis-address.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { Settings } from '../src/lib/settings.ts';
import { embedded } from '../test/support/engines/embedded.ts';
import type { EngineFactory, RedisOptions } from '../test/support/engines/engine-factory.ts';
import type { EngineProcess } from '../test/support/engines/engine-process.ts';
import { native, requireNativeServers } from '../test/support/engines/native.ts';
import { migrate } from '../test/support/migrate.ts';

/** A Redis of our own on loopback, for as long as something is measured. */
export interface BenchRedis {
  readonly engine: EngineProcess;
  /** Such as `Redis 7.0.15, native`. */
  readonly name: string;
}

/** Starts the machine's redis-server, or the embedded Valkey where there is none. */
export async function startRedis(options?: RedisOptions): Promise<BenchRedis> {
  const { factory, kind } = whatThereIs();
  const engine = await factory.startRedis(options);
  const url = options?.password ? engine.url.replace('//', `//:${options.password}@`) : engine.url;
  const connection = connect(url);
  try {
    const { redisVersion, valkeyVersion } = await new SessionStore(connection).facts();
    const name = valkeyVersion ? `Valkey ${valkeyVersion}` : `Redis ${redisVersion}`;
    return { engine, name: `${name}, ${kind}` };
  } catch (error) {
    await engine.dispose();
    throw error;
  } finally {
    connection.close();
  }
}

/** Starts a PostgreSQL of the same kind, with our tables. */
export async function startPostgres(): Promise<EngineProcess> {
  const engine = await whatThereIs().factory.startPostgres();
  await migrate(engine.url);
  return engine;
}

/** A connection as the commands make it. */
export function connect(url: string): RedisConnection {
  const address = redisAddress(settingsOf(url));
  if (!address) throw new Error('REDIS_URL names no server');
  return new RedisConnection(address);
}

/** Settings that hold a REDIS_URL and nothing else. */
export function settingsOf(url: string): Settings {
  const nowhere = '/nonexistent';
  return new Settings({ REDIS_URL: url }, { configFolder: nowhere, packageRoot: nowhere });
}

function whatThereIs(): { factory: EngineFactory; kind: string } {
  try {
    requireNativeServers();
    return { factory: native, kind: 'native' };
  } catch {
    return { factory: embedded, kind: 'embedded' };
  }
}
