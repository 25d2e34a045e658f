import type { Redis } from 'ioredis';
import type { RedisSentinelAddress } from './redis-address.ts';
import { redisFailed, redisFailure } from './redis-errors.ts';
import type { Issue, RedisLink } from './redis-link.ts';
import { askAny } from './redis-seeds.ts';
import { ServerLink } from './redis-server.ts';

/**
 * The way to the primary that sentinels watch over. They are asked at each connection, so that a command after a
 * failover finds the new one; until they have agreed on it they name the old one.
 */
export class SentinelLink implements RedisLink {
  readonly #address: RedisSentinelAddress;
  #primary: ServerLink | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(address: RedisSentinelAddress) {
    this.#address = address;
  }

  get lastError(): unknown {
    return this.#primary?.lastError;
  }

  open(): Promise<void> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  issue(commands: Issue) {
    return (this.#primary as ServerLink).issue(commands);
  }

  close(): void {
    this.#isClosed = true;
    this.#primary?.close();
  }

  async #connect(): Promise<void> {
    const place = await findPrimary(this.#address);
    if (this.#isClosed) throw redisFailed('unreachable', 'ECONNABORTED');
    this.#primary = new ServerLink({ ...this.#address, ...place }, (redis) => [assertPrimary(redis)]);
    await this.#primary.open();
  }
}

async function findPrimary(address: RedisSentinelAddress): Promise<{ host: string; port: number }> {
  const { sentinels, masterName, tls, tlsCa } = address;
  const servers = sentinels.map((sentinel) => ({ ...sentinel, db: 0, tls, tlsCa }));
  const { answer } = await askAny(servers, (redis) => {
    authenticate(redis, address);
    return primaryOf(redis, masterName);
  });
  return answer;
}

/**
 * Gives a sentinel the credentials of the servers, which it has anyway to watch over them. Many sentinels ask for none
 * and refuse these, so only what the question behind them meets counts.
 */
function authenticate(redis: Redis, { username, password }: RedisSentinelAddress): void {
  if (password === undefined) return;
  redis.call('AUTH', ...(username ? [username] : []), password).catch(() => {});
}

async function primaryOf(redis: Redis, name: string): Promise<{ host: string; port: number }> {
  let reply: [string, string] | null;
  try {
    reply = (await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as [string, string] | null;
  } catch (error) {
    if (/unknown command/i.test((error as Error).message)) throw redisFailed('misconfigured', 'NOSENTINEL');
    throw error;
  }
  if (!reply) throw redisFailed('misconfigured', 'NOMASTER');
  return { host: reply[0], port: Number(reply[1]) };
}

/**
 * A primary that was replaced while it was away comes back as one for a moment, then as a replica: what that lacks
 * would look like an expired session.
 */
async function assertPrimary(redis: Redis): Promise<void> {
  let role: unknown;
  try {
    [role] = (await redis.call('ROLE')) as [unknown];
  } catch (error) {
    const failure = redisFailure(error, undefined);
    if (failure.params.detail === 'NOPERM') return; // not everyone may ask
    throw failure;
  }
  if (role !== 'master') throw redisFailed('refusing_work', 'READONLY');
}
