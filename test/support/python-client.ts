import type { Redis } from 'ioredis';

/** What that client keeps of a session: ten fields, and whatever else it found there. */
export type PythonSession = Record<string, unknown>;

/**
 * The Python client of the same Redis, command by command: what it writes, in the form in which its `json.dumps`
 * writes it, and in what order.
 */
export class PythonClient {
  readonly #redis: Redis;
  readonly #ttl: number;

  /** @param ttl lifetime of its sessions, in seconds */
  constructor(redis: Redis, ttl = 90) {
    this.#redis = redis;
    this.#ttl = ttl;
  }

  async login(token: string, session: PythonSession): Promise<void> {
    const index = `user:${session.user_id}:sessions`;
    await this.#redis.setex(`session:${token}`, this.#ttl, dumps(session));
    await this.#redis.sadd(index, token);
    // Its index ends by itself, whatever lives on in it.
    await this.#redis.expire(index, this.#ttl * 10);
  }

  async get(token: string): Promise<PythonSession | undefined> {
    const json = await this.#redis.get(`session:${token}`);
    return json === null ? undefined : JSON.parse(json);
  }

  /** Reads and writes in two steps: whatever happens in between is overwritten. */
  async refresh(
    token: string,
    inBetween: () => Promise<unknown> = async () => {},
  ): Promise<PythonSession | undefined> {
    const session = await this.get(token);
    if (session === undefined) return undefined;
    await inBetween();
    const refreshed = { ...session, last_activity: isoformat(new Date()) };
    await this.#redis.setex(`session:${token}`, this.#ttl, dumps(refreshed));
    return refreshed;
  }

  async list(userId: number): Promise<PythonSession[]> {
    const tokens = await this.#redis.smembers(`user:${userId}:sessions`);
    const sessions = await Promise.all(tokens.map((token) => this.get(token)));
    return sessions.filter((session) => session !== undefined);
  }

  async logout(token: string): Promise<void> {
    const session = await this.get(token);
    if (session === undefined) return;
    await this.#redis.srem(`user:${session.user_id}:sessions`, token);
    await this.#redis.del(`session:${token}`);
  }

  async logoutEverywhere(userId: number): Promise<void> {
    const index = `user:${userId}:sessions`;
    for (const token of await this.#redis.smembers(index)) await this.#redis.del(`session:${token}`);
    await this.#redis.del(index);
  }
}

/** `datetime.now().isoformat()`: local time, without a zone, with six digits of fraction. */
export function isoformat(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(0, -1)}000`;
}

/** `json.dumps(value)`: a space behind each comma and colon, and nothing beyond ASCII. */
export function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, each]) => `${dumps(name)}: ${dumps(each)}`);
    return `{${members.join(', ')}}`;
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
