import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { RedisConnection, type RedisTarget } from '../../../src/lib/connections/redis.ts';
import type { Session } from '../../../src/lib/session/session.ts';
import { SessionStore } from '../../../src/lib/session/session-store.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { engines } from '../../support/engines.ts';
import { dumps } from '../../support/python-client.ts';
import { newUserId, sampleSession } from '../../support/sample-session.ts';
import { addressOf, openSessions, type SessionBackend } from '../../support/session-backend.ts';

const DAY = 86_400;

/** A connection on which something happens between two flights, as other processes are free to do. */
class InterruptedConnection extends RedisConnection {
  #left: number;
  readonly #happening: () => Promise<unknown>;

  constructor(target: RedisTarget, number: number, happening: () => Promise<unknown>) {
    super(target);
    this.#left = number;
    this.#happening = happening;
  }

  override async flight<T extends readonly unknown[]>(
    issue: (redis: Redis) => readonly [...{ [K in keyof T]: PromiseLike<T[K]> }],
    timeout?: number,
  ): Promise<T> {
    this.#left -= 1;
    if (this.#left === 0) await this.#happening();
    return super.flight<T>(issue, timeout);
  }
}

describe('the session store', () => {
  let backend: SessionBackend;
  let userId: number;
  let index: string;
  const connections: RedisConnection[] = [];

  before(() => {
    backend = openSessions();
  });

  beforeEach(() => {
    userId = newUserId();
    index = `user:${userId}:sessions`;
  });

  after(() => {
    backend.close();
    for (const connection of connections) connection.close();
  });

  /** A session that was started as a login does. */
  async function started(ttlMs = 90_000) {
    const token = newToken();
    await backend.store.start(token, sampleSession({ user_id: userId }), ttlMs);
    return credentialOf(token);
  }

  const credentialOf = (token: string) => ({ token, mark: markOf(token), userId });
  const restore = (credential: ReturnType<typeof credentialOf>, ttl = 90) =>
    backend.store.restore(credential, ttl, new Date());
  /** A store before whose flight of this number something else happens. */
  function interrupted(number: number, happening: () => Promise<unknown>): SessionStore {
    const connection = new InterruptedConnection(addressOf(engines.redisUrl), number, happening);
    connections.push(connection);
    return new SessionStore(connection);
  }

  const sessionOf = async (credential: ReturnType<typeof credentialOf>) =>
    ((await restore(credential)) as { session: Session }).session;

  describe('start', () => {
    it('writes the session with its lifetime and puts it into an index without end', async () => {
      const wire = sampleSession({ user_id: userId, nombre: 'Ñandú' });
      const token = newToken();
      await backend.store.start(token, wire, 5_000);
      expect(await backend.redis.get(`session:${token}`)).to.equal(JSON.stringify(wire));
      expect(await backend.redis.pttl(`session:${token}`)).to.be.within(4_000, 5_000);
      expect(await backend.redis.smembers(index)).to.deep.equal([token]);
      expect(await backend.redis.ttl(index)).to.equal(-1);
    });

    it('takes away the end that the Python client gave the index', async () => {
      await backend.redis.sadd(index, newToken());
      await backend.redis.expire(index, 900);
      await started();
      expect(await backend.redis.ttl(index)).to.equal(-1);
    });

    it('removes dead members from the index, and none that lives', async () => {
      const living = await Promise.all(Array.from({ length: 5 }, () => started()));
      await backend.redis.sadd(index, ...Array.from({ length: 10 }, newToken));
      const last = await started();
      expect(await backend.redis.smembers(index)).to.have.members(
        [...living, last].map(({ token }) => token),
      );
    });

    it('keeps the index of somebody who only ever logs in from growing', async () => {
      for (let login = 0; login < 60; login++) await started(1);
      expect(await backend.redis.scard(index)).to.be.below(45);
    });
  });

  describe('restore', () => {
    it('moves the last activity and resets the lifetime to that of whoever refreshes', async () => {
      const credential = await started(5_000);
      const before = sampleSession({ user_id: userId });
      const now = new Date('2026-02-03T04:05:06.789Z');
      const restored = await backend.store.restore(credential, 300, now);
      expect(restored).to.deep.equal({
        session: {
          token: credential.token,
          mark: credential.mark,
          wire: { ...before, last_activity: '2026-02-03T04:05:06.789' },
          expiresInMs: 300_000,
        },
      });
      expect(await backend.redis.pttl(`session:${credential.token}`)).to.be.within(299_000, 300_000);
    });

    it('is expired where there is no session, and brings none to life', async () => {
      const credential = credentialOf(newToken());
      expect(await restore(credential)).to.deep.equal({ ended: 'expired' });
      expect(await backend.redis.exists(`session:${credential.token}`, index)).to.equal(0);
    });

    it('is expired when the lifetime is over', async () => {
      const credential = await started(30);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(await restore(credential)).to.deep.equal({ ended: 'expired' });
    });

    it('is corrupt for what cannot be read, and touches neither it nor its lifetime', async () => {
      const credential = await started();
      const key = `session:${credential.token}`;
      await backend.redis.set(key, '{"user_id": 1}', 'EX', 50);
      expect(await restore(credential)).to.deep.equal({ ended: 'corrupt' });
      expect(await backend.redis.get(key)).to.equal('{"user_id": 1}');
      expect(await backend.redis.ttl(key)).to.be.within(45, 50);
    });

    it('finds the user of a bare token', async () => {
      const { token, mark } = await started();
      await backend.redis.srem(index, token);
      const { session } = (await backend.store.restore({ token, mark }, 90, new Date())) as {
        session: Session;
      };
      expect(session.wire.user_id).to.equal(userId);
      expect(await backend.redis.sismember(index, token)).to.equal(1);
    });

    it('believes the session rather than the token file about the user', async () => {
      const { token, mark } = await started();
      const wrong = newUserId();
      await backend.store.restore({ token, mark, userId: wrong }, 90, new Date());
      expect(await backend.redis.exists(`user:${wrong}:sessions`)).to.equal(0);
      expect(await backend.redis.sismember(index, token)).to.equal(1);
    });
  });

  describe('the index', () => {
    it('gets back a session that dropped out', async () => {
      const credential = await started();
      await backend.redis.del(index);
      await sessionOf(credential);
      expect(await backend.redis.smembers(index)).to.deep.equal([credential.token]);
      expect(await backend.redis.ttl(index)).to.equal(-1);
    });

    it('loses the end that the Python client gave it', async () => {
      const credential = await started();
      await backend.redis.expire(index, 900);
      await sessionOf(credential);
      expect(await backend.redis.ttl(index)).to.equal(-1);
    });

    it('is not given a session that ended while it was being mended', async () => {
      const ends = {
        expired: (token: string) => backend.redis.del(`session:${token}`),
        revoked: (token: string) => backend.store.end([token], userId),
      };
      for (const [reason, end] of Object.entries(ends)) {
        const credential = await started();
        await backend.redis.del(index);
        const store = interrupted(2, () => end(credential.token));
        expect(await store.restore(credential, 90, new Date())).to.deep.equal({ ended: reason });
        expect(await backend.redis.exists(`session:${credential.token}`, index)).to.equal(0);
      }
    });

    it('is not given a session that was brought back while it was being mended', async () => {
      const credential = await started();
      const key = `session:${credential.token}`;
      await backend.redis.del(index);
      const store = interrupted(2, async () => {
        const json = await backend.redis.get(key);
        await backend.store.end([credential.token], userId);
        await backend.redis.setex(key, 90, json as string);
      });
      expect(await store.restore(credential, 90, new Date())).to.deep.equal({ ended: 'revoked' });
      expect(await backend.redis.exists(key, index)).to.equal(0);
    });

    it('keeps a member that comes to life while a list takes it for dead', async () => {
      const token = newToken();
      await backend.redis.sadd(index, token);
      const store = interrupted(3, async () => {
        await backend.redis.set(`session:${token}`, dumps(sampleSession({ user_id: userId })), 'EX', 90);
      });
      await store.list(userId);
      expect(await backend.redis.smembers(index)).to.deep.equal([token]);
    });

    it('keeps a session whose member is pruned between the SADD and the SET of its login', async () => {
      const [token, dead] = [newToken(), newToken()];
      await backend.redis.sadd(index, token, dead);
      const store = interrupted(3, () =>
        backend.store.start(token, sampleSession({ user_id: userId }), 90_000),
      );
      await store.list(userId);
      expect(await backend.redis.smembers(index)).to.deep.equal([token]);
    });
  });

  describe('end', () => {
    it('leaves the mark for a day, and neither session nor member', async () => {
      const { token } = await started();
      expect(await backend.store.end([token], userId)).to.equal(1);
      const mark = `airbnb:revoked:${createHash('sha256').update(token).digest('hex')}`;
      expect(await backend.redis.ttl(mark)).to.be.within(DAY - 5, DAY);
      expect(await backend.redis.exists(`session:${token}`, index)).to.equal(0);
    });

    it('counts what was alive', async () => {
      const [one, two] = [await started(), await started()];
      await backend.redis.del(`session:${two.token}`);
      expect(await backend.store.end([one.token, two.token], userId)).to.equal(1);
      expect(await backend.store.end([one.token, two.token], userId)).to.equal(0);
      expect(await backend.store.end([], userId)).to.equal(0);
    });

    it('is the reason that a restore gives from then on', async () => {
      const credential = await started();
      await backend.store.end([credential.token], userId);
      expect(await restore(credential)).to.deep.equal({ ended: 'revoked' });
    });

    it('holds against a client that writes back what it had read: the session is refused and deleted', async () => {
      const credential = await started();
      const key = `session:${credential.token}`;
      for (const value of [await backend.redis.get(key), '{"corrupt": true}']) {
        await backend.store.end([credential.token], userId);
        await backend.redis.setex(key, 90, value as string);
        await backend.redis.sadd(index, credential.token);
        expect(await restore(credential)).to.deep.equal({ ended: 'revoked' });
        expect(await backend.redis.exists(key, index)).to.equal(0);
      }
    });

    it('says how far it is, batch by batch', async function () {
      this.timeout(30_000);
      const tokens = Array.from({ length: 10_001 }, newToken);
      const steps: number[][] = [];
      await backend.store.end(tokens, userId, (done, total) => steps.push([done, total]));
      expect(steps).to.deep.equal([
        [0, 10_001],
        [10_000, 10_001],
        [10_001, 10_001],
      ]);
    });
  });

  describe('list', () => {
    it('has every live session of the user with its time left, and refreshes none', async () => {
      const { token, mark } = await started(50_000);
      await started(60_000);
      const { sessions, corrupt } = await backend.store.list(userId);
      const listed = sessions.find((session) => session.token === token);
      expect(sessions).to.have.length(2);
      expect(corrupt).to.deep.equal([]);
      expect(listed?.wire).to.deep.equal(sampleSession({ user_id: userId }));
      expect(listed?.mark).to.equal(mark);
      expect(listed?.expiresInMs).to.be.within(49_000, 50_000);
      expect(await backend.redis.pttl(`session:${token}`)).to.be.within(49_000, 50_000);
    });

    it('is empty for somebody who never signed in', async () => {
      expect(await backend.store.list(userId)).to.deep.equal({ sessions: [], corrupt: [] });
    });

    it('removes dead members from the index', async () => {
      const { token } = await started();
      await backend.redis.sadd(index, newToken(), newToken());
      await backend.store.list(userId);
      expect(await backend.redis.smembers(index)).to.deep.equal([token]);
    });

    it('tells sessions that cannot be read apart, and keeps them in the index', async () => {
      const [broken, list, hash, sound] = [newToken(), newToken(), newToken(), await started()];
      await backend.redis.set(`session:${broken}`, 'not json', 'EX', 90);
      await backend.redis.rpush(`session:${list}`, 'x');
      await backend.redis.hset(`session:${hash}`, 'user_id', '1');
      await backend.redis.sadd(index, broken, list, hash);
      const { sessions, corrupt } = await backend.store.list(userId);
      expect(sessions.map(({ token }) => token)).to.deep.equal([sound.token]);
      expect(corrupt).to.have.members([broken, list, hash]);
      expect(await backend.redis.scard(index)).to.equal(4);
      await backend.store.end(corrupt, userId);
      expect(await backend.redis.scard(index)).to.equal(1);
    });

    it('shows nobody else’s session where it strayed into the index, but counts it', async () => {
      const token = newToken();
      await backend.redis.set(`session:${token}`, dumps(sampleSession()), 'EX', 90);
      await backend.redis.sadd(index, token);
      expect(await backend.store.list(userId)).to.deep.equal({ sessions: [], corrupt: [token] });
    });

    it('ends what another client brought back to life', async () => {
      const { token } = await started();
      const json = await backend.redis.get(`session:${token}`);
      await backend.store.end([token], userId);
      await backend.redis.setex(`session:${token}`, 90, json as string);
      await backend.redis.sadd(index, token);
      expect(await backend.store.list(userId)).to.deep.equal({ sessions: [], corrupt: [] });
      expect(await backend.redis.exists(`session:${token}`, index)).to.equal(0);
    });

    it('has a session that a foreign client gave no end', async () => {
      const token = newToken();
      await backend.redis.set(`session:${token}`, dumps(sampleSession({ user_id: userId })));
      await backend.redis.sadd(index, token);
      const { sessions } = await backend.store.list(userId);
      expect(sessions.map(({ expiresInMs }) => expiresInMs)).to.deep.equal([-1]);
      await backend.redis.del(`session:${token}`);
    });
  });

  it('loses no live session from the index while logins, lists and prunes go on at once', async () => {
    const others = [openSessions(), openSessions(), openSessions()];
    try {
      const logins = others.map(async ({ store, redis }) => {
        const tokens: string[] = [];
        for (let round = 0; round < 25; round++) {
          const token = newToken();
          // Members without a session, as they are between the SADD and the SET of a login.
          await redis.sadd(index, newToken(), token);
          await store.start(token, sampleSession({ user_id: userId }), 90_000);
          tokens.push(token);
        }
        return tokens;
      });
      let going = true;
      const lists = (async () => {
        while (going) await backend.store.list(userId);
      })();
      const tokens = (await Promise.all(logins)).flat();
      going = false;
      await lists;
      await backend.store.list(userId);
      expect(await backend.redis.smembers(index)).to.have.members(tokens);
    } finally {
      for (const other of others) other.close();
    }
  });

  it('knows the server’s time, version and view of us', async () => {
    const facts = await backend.store.facts();
    expect(facts.now).to.be.within(Date.now() - 2_000, Date.now() + 2_000);
    expect(facts.redisVersion).to.match(/^\d+\.\d+\.\d+$/);
    expect(facts.address).to.be.oneOf(['127.0.0.1', null]);
  });
});
