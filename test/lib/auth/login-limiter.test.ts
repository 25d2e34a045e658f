import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import type { LoginCounters } from '../../../src/lib/auth/login-counters.ts';
import { LOGIN_LIMITS, LoginLimiter, type LoginLimits } from '../../../src/lib/auth/login-limiter.ts';
import { PostgresLoginCounters } from '../../../src/lib/auth/postgres-login-counters.ts';
import { RedisLoginCounters } from '../../../src/lib/auth/redis-login-counters.ts';
import { openPostgres } from '../../../src/lib/connections/postgres.ts';
import { RedisConnection } from '../../../src/lib/connections/redis.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { migrateToLatest } from '../../../src/lib/migrations/migrator.ts';
import type { Tables } from '../../../src/lib/user/user-schema.ts';
import { AccountDatabase } from '../../support/account-database.ts';
import { newAccount } from '../../support/accounts.ts';
import { engines } from '../../support/engines.ts';
import { failureOf, reasonOf } from '../../support/failure-of.ts';
import { startProxy } from '../../support/flight-proxy.ts';
import { addressOf, plainClient } from '../../support/session-backend.ts';
import { until } from '../../support/until.ts';

const DAY = 86_400;

/** As they are, but that nobody has to wait long. */
const QUICK: LoginLimits = { ...LOGIN_LIMITS, firstDelay: 1, longestDelay: 4, patience: 900 };

const wrong = () => Promise.reject(new AppError('wrong_credentials'));
const right = async () => 'right';

/** What is stored of all counters, by whatever names. */
interface Stored {
  readonly key: string;
  readonly points: number;
  /** Seconds. */
  readonly left: number;
}

interface Store {
  counters(): LoginCounters;
  stored(): Promise<Stored[]>;
  /** Forgets all counters, and closes the connections that were made. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

async function redisStore(): Promise<Store> {
  let connections: RedisConnection[] = [];
  const redis: Redis = plainClient(engines.redisUrlForDb(11));
  return {
    counters: () => {
      const connection = new RedisConnection(addressOf(engines.redisUrlForDb(11)));
      connections.push(connection);
      return new RedisLoginCounters(connection);
    },
    stored: async () =>
      Promise.all(
        (await redis.keys('*')).map(async (key) => ({
          key,
          points: Number(await redis.get(key)),
          left: await redis.ttl(key),
        })),
      ),
    clear: async () => {
      for (const connection of connections) connection.close();
      connections = [];
      await redis.flushdb();
    },
    close: async () => {
      redis.disconnect();
    },
  };
}

async function postgresStore(): Promise<Store> {
  const database = await AccountDatabase.create();
  await migrateToLatest(database.connect());
  let connections: Kysely<Tables>[] = [];
  return {
    counters: () => {
      const db = openPostgres<Tables>(database.config);
      connections.push(db);
      return new PostgresLoginCounters(db);
    },
    stored: async () => {
      const rows = await database.run<{ key: string; points: number; left: number }>(
        `select key, points, (expire / 1000.0 - extract(epoch from now()))::float8 as left from airbnb_login_counter`,
      );
      return rows.filter(({ left }) => left > 0);
    },
    clear: async () => {
      await Promise.all(connections.map((db) => db.destroy()));
      connections = [];
      await database.run('truncate airbnb_login_counter');
    },
    close: () => database.close(),
  };
}

for (const [name, open] of [
  ['Redis', redisStore],
  ['PostgreSQL', postgresStore],
] as const) {
  describe(`attempts to sign in, counted in ${name}`, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(() => store?.close());
    afterEach(() => store.clear());

    /** Somebody at an address, with connections of their own. */
    const from = (address: string | null, limits: LoginLimits = QUICK) => {
      const counters = store.counters();
      return new LoginLimiter({
        counters: {
          open: async () => {
            await counters.open();
            return address;
          },
          counter: (options) => counters.counter(options),
        },
        otherAddress: async () => null,
        limits,
      });
    };

    async function fail(limiter: LoginLimiter, email: string, times: number): Promise<void> {
      for (let time = 0; time < times; time++) {
        expect(await reasonOf(limiter.attempt(email, wrong))).to.equal('wrong_credentials');
      }
    }

    it('pass where the password is right, and leave nothing of their pair behind', async () => {
      const limiter = from('192.0.2.1');
      for (let time = 0; time < 2 * QUICK.pair.attempts; time++) {
        expect(await limiter.attempt('ana@example.com', right)).to.equal('right');
      }
      const stored = await store.stored();
      expect(stored.filter(({ key }) => key.includes(':pair'))).to.deep.equal([]);
      for (const { key, points } of stored) expect(points, key).to.equal(0);
    });

    it('are refused after so many failures, without a test, and say when to come again', async () => {
      const limiter = from('192.0.2.1', LOGIN_LIMITS);
      await fail(limiter, 'ana@example.com', LOGIN_LIMITS.pair.attempts);
      let tested = 0;
      const begin = performance.now();
      const failure = await failureOf(
        limiter.attempt('ana@example.com', async () => {
          tested++;
        }),
      );
      expect(performance.now() - begin, 'milliseconds: there is nobody to wait for').to.be.below(2_000);
      expect(failure.reason).to.equal('too_many_attempts');
      expect(failure.exitCode).to.equal(75);
      expect(failure.params.retry_after).to.be.within(LOGIN_LIMITS.firstDelay - 2, LOGIN_LIMITS.firstDelay);
      expect(tested).to.equal(0);
    });

    it('of an e-mail in any spelling are of one e-mail', async () => {
      const limiter = from('192.0.2.1');
      for (const email of [
        'ivan@example.com',
        ' IVAN@example.com',
        '\u0130van@example.com',
        'iv\u00e1n@example.com',
      ]) {
        await fail(limiter, email, 1);
      }
      await fail(limiter, 'Ivan@Example.com', 1);
      expect(await reasonOf(limiter.attempt('ivan@example.com', right))).to.equal('too_many_attempts');
    });

    it('with the right password are refused until the delay is over, and pass then', async () => {
      const limiter = from('192.0.2.1');
      await fail(limiter, 'ana@example.com', QUICK.pair.attempts);
      expect(await reasonOf(limiter.attempt('ana@example.com', right))).to.equal('too_many_attempts');
      await until(
        'it passes',
        async () => (await limiter.attempt('ana@example.com', right).catch(() => '')) === 'right',
      );
    });

    it('wait longer after each further failure, up to a limit', async () => {
      const limiter = from('192.0.2.1', { ...QUICK, firstDelay: 60, longestDelay: 240 });
      await fail(limiter, 'ana@example.com', QUICK.pair.attempts);
      const delays: number[] = [];
      for (let time = 0; time < 4; time++) {
        const failure = await failureOf(limiter.attempt('ana@example.com', right));
        delays.push(Number(failure.params.retry_after));
        await forgetDelays();
        await fail(limiter, 'ana@example.com', 1);
      }
      const rounded = delays.map((delay) => Math.round(delay / 10) * 10);
      expect(rounded).to.deep.equal([60, 120, 240, 240]);
    });

    /** As if the time had passed. */
    async function forgetDelays(): Promise<void> {
      const shut = (await store.stored()).filter(({ points }) => points > 1_000);
      const counter = store.counters().counter({ keyPrefix: '', points: 1, duration: 1 });
      await Promise.all(shut.map(({ key }) => counter.delete(key)));
    }

    it('that succeed forget the failures of their pair, and no others', async () => {
      const limiter = from('192.0.2.1');
      await fail(limiter, 'ana@example.com', QUICK.pair.attempts - 1);
      await limiter.attempt('ana@example.com', right);
      await fail(limiter, 'ana@example.com', QUICK.pair.attempts - 1);
      const stored = await store.stored();
      const failures = (kind: string) => stored.find(({ key }) => key.includes(`:${kind}-failures:`))?.points;
      expect([failures('pair'), failures('address'), failures('email')]).to.deep.equal([4, 8, 8]);
    });

    it('from elsewhere do not keep the owner out', async () => {
      await fail(from('192.0.2.66'), 'ana@example.com', QUICK.pair.attempts);
      expect(await reasonOf(from('192.0.2.66').attempt('ana@example.com', right))).to.equal(
        'too_many_attempts',
      );
      expect(await from('192.0.2.1').attempt('ana@example.com', right)).to.equal('right');
      // That the owner signed in opens no door elsewhere.
      expect(await reasonOf(from('192.0.2.66').attempt('ana@example.com', right))).to.equal(
        'too_many_attempts',
      );
    });

    it('from one address are limited whatever the e-mail', async () => {
      const limits = { ...LOGIN_LIMITS, address: { attempts: 7, memory: 3_600 } };
      const limiter = from('2001:db8:1:2::1', limits);
      for (let who = 0; who < 7; who++) await fail(limiter, newAccount().email, 1);
      const neighbour = from('2001:db8:1:2:ffff::2', limits);
      expect(await reasonOf(neighbour.attempt('ana@example.com', right))).to.equal('too_many_attempts');
      expect(await from('2001:db8:1:3::1', limits).attempt('ana@example.com', right)).to.equal('right');
      // What was refused counts neither for the e-mail nor for the pair.
      const open = (await store.stored()).filter(
        ({ key, points }) => !key.includes(':address') && points > 1,
      );
      expect(open).to.deep.equal([]);
    });

    it('for one e-mail are limited wherever they come from', async () => {
      const limits = { ...LOGIN_LIMITS, email: { attempts: 7, memory: 3_600 } };
      for (let who = 1; who <= 7; who++) await fail(from(`192.0.2.${who}`, limits), 'ana@example.com', 1);
      expect(await reasonOf(from('192.0.2.99', limits).attempt('ana@example.com', right))).to.equal(
        'too_many_attempts',
      );
      expect(await from('192.0.2.99', limits).attempt('bea@example.com', right)).to.equal('right');
    });

    it('that come from this machine have an address too', async () => {
      await fail(from(null), 'ana@example.com', QUICK.pair.attempts);
      expect(await reasonOf(from(null).attempt('ana@example.com', right))).to.equal('too_many_attempts');
    });

    it('are no failures where something else goes wrong', async () => {
      const limiter = from('192.0.2.1');
      for (let time = 0; time < 2 * QUICK.pair.attempts; time++) {
        const failing = limiter.attempt('ana@example.com', () => Promise.reject(new AppError('unreachable')));
        expect(await reasonOf(failing)).to.equal('unreachable');
      }
      for (const { key, points } of await store.stored()) expect(points, key).to.equal(0);
    });

    it('test no more passwords than the limit, however many come at once', async function () {
      this.timeout(60_000);
      let tested = 0;
      const attempts = Array.from({ length: 50 }, () =>
        reasonOf(
          from('192.0.2.1', { ...LOGIN_LIMITS, patience: 15_000 }).attempt('ana@example.com', async () => {
            tested++;
            await new Promise((resolve) => setTimeout(resolve, 50));
            return wrong();
          }),
        ),
      );
      const reasons = await Promise.all(attempts);
      expect(tested).to.equal(LOGIN_LIMITS.pair.attempts);
      expect(reasons.filter((reason) => reason === 'wrong_credentials').length).to.equal(tested);
      expect(new Set(reasons)).to.deep.equal(new Set(['wrong_credentials', 'too_many_attempts']));
    });

    it('come one at a time once the delay is over', async () => {
      const limits = { ...LOGIN_LIMITS, firstDelay: 1 };
      await fail(from('192.0.2.1', limits), 'ana@example.com', limits.pair.attempts);
      await forgetDelays();
      let tested = 0;
      await Promise.all(
        Array.from({ length: 10 }, () =>
          reasonOf(
            from('192.0.2.1', limits).attempt('ana@example.com', async () => {
              tested++;
              return wrong();
            }),
          ),
        ),
      );
      expect(tested).to.equal(1);
    });

    it('wait for those under way, and all pass where all are right', async function () {
      this.timeout(60_000);
      let tests = 0;
      let most = 0;
      const results = await Promise.all(
        Array.from({ length: 50 }, () =>
          from('192.0.2.1', LOGIN_LIMITS).attempt('ana@example.com', async () => {
            most = Math.max(most, ++tests);
            await new Promise((resolve) => setTimeout(resolve, 50));
            tests--;
            return 'right';
          }),
        ),
      );
      expect(results).to.deep.equal(Array(50).fill('right'));
      expect(most).to.be.at.least(2);
    });

    it('wait no longer than they have patience for those that never end', async () => {
      for (let time = 0; time < QUICK.pair.attempts; time++) {
        // The rest of its life is spent in the test.
        void from('192.0.2.1').attempt('ana@example.com', () => new Promise(() => {}));
      }
      await until('all are reserved', async () =>
        (await store.stored()).some(({ key, points }) => key.includes(':pair:') && points === 5),
      );
      const failure = await failureOf(from('192.0.2.1').attempt('ana@example.com', right));
      expect(failure.reason).to.equal('too_many_attempts');
      expect(failure.params.retry_after).to.be.within(1, QUICK.window);
    });

    it('leave counters that all end within a day, and name nobody', async () => {
      await fail(from('192.0.2.1'), 'ana@example.com', QUICK.pair.attempts);
      await from('192.0.2.1').attempt('bea@example.com', right);
      const stored = await store.stored();
      expect(stored.length).to.be.at.least(6);
      for (const { key, left } of stored) {
        expect(key).to.match(/^airbnb:login:(pair|address|email)(-failures)?:[0-9a-f]{64}$/);
        expect(left, key).to.be.within(1e-9, DAY);
      }
      const ofEmail = stored.filter(({ key }) => key.startsWith('airbnb:login:email:'));
      const hash = createHash('sha256').update('ana@example.com').digest('hex');
      expect(ofEmail.map(({ key }) => key)).to.include(`airbnb:login:email:${hash}`);
    });
  });
}

describe('attempts to sign in, counted in PostgreSQL', () => {
  let database: AccountDatabase;
  before(async () => {
    database = await AccountDatabase.create();
    await migrateToLatest(database.connect());
  });
  after(() => database.close());

  const rows = () => database.run<{ key: string }>('select key from airbnb_login_counter');

  it('sweep counters away that are over', async () => {
    const past = Date.now() - 1_000;
    await database.run(
      `insert into airbnb_login_counter select 'old:' || n, 1, ${past} from generate_series(1, 150) n`,
    );
    await database.run(`insert into airbnb_login_counter values ('new', 1, ${Date.now() + DAY * 1_000})`);
    await new PostgresLoginCounters(database.connect()).open();
    expect((await rows()).length).to.equal(51);
    await new PostgresLoginCounters(database.connect()).open();
    expect(await rows()).to.deep.equal([{ key: 'new' }]);
  });

  it('go by the clock of the server, whatever that of this machine says', async () => {
    const real = Date.now;
    const counters = new PostgresLoginCounters(database.connect());
    try {
      Date.now = () => real() + 5 * DAY * 1_000;
      await counters.open();
      const counter = counters.counter({ keyPrefix: 'clock', points: 2, duration: 60 });
      await counter.consume('ana');
      const { msBeforeNext, consumedPoints } = await counter.consume('ana');
      expect(consumedPoints).to.equal(2);
      expect(msBeforeNext).to.be.within(50_000, 61_000);
    } finally {
      Date.now = real;
    }
    const [row] = await database.run<{ left: number }>(
      `select (expire / 1000.0 - extract(epoch from now()))::float8 as left from airbnb_login_counter where key = 'clock:ana'`,
    );
    expect(row?.left).to.be.within(50, 61);
  });

  it('ask for the migration where it has not run', async () => {
    const empty = await AccountDatabase.create();
    try {
      const failure = await failureOf(new PostgresLoginCounters(empty.connect()).open());
      expect(failure.reason).to.equal('tables_missing');
    } finally {
      await empty.close();
    }
  });
});

describe('attempts to sign in, counted in Redis', () => {
  it('take one flight to ask for the address, one to reserve, and one to end', async () => {
    const proxy = await startProxy(engines.redisUrlForDb(11));
    const connection = new RedisConnection(addressOf(proxy.url));
    try {
      const limiter = new LoginLimiter({
        counters: new RedisLoginCounters(connection),
        otherAddress: async () => null,
      });
      await limiter.attempt(newAccount().email, right);
      expect(proxy.flights).to.equal(3);
      await proxy.reset();
      expect(await reasonOf(limiter.attempt(newAccount().email, wrong))).to.equal('wrong_credentials');
      expect(proxy.flights).to.equal(3);
      const names = new Set(proxy.commands.map(([name]) => name?.toUpperCase()));
      expect(names).to.deep.equal(new Set(['CLIENT', 'EVAL', 'GET', 'PTTL']));
      await proxy.reset();
      expect(await new RedisLoginCounters(connection, '192.0.2.1').open()).to.equal('192.0.2.1');
      expect(proxy.flights, 'for an address that is known').to.equal(0);
    } finally {
      connection.close();
      await proxy.close();
    }
  });

  for (const [reply, reason] of [
    ['-OOM command not allowed', 'refusing_work'],
    ['-READONLY You cannot write against a read only replica.', 'refusing_work'],
    ['-NOPERM no permissions', 'misconfigured'],
    ['-LOADING Redis is loading', 'unreachable'],
  ] as const) {
    it(`never pass where Redis answers ${reply.split(' ')[0]}`, async () => {
      const proxy = await startProxy(engines.redisUrlForDb(11));
      const connection = new RedisConnection(addressOf(proxy.url));
      try {
        proxy.answer('EVAL', reply);
        const limiter = new LoginLimiter({
          counters: new RedisLoginCounters(connection),
          otherAddress: async () => null,
        });
        let tested = false;
        const failure = await failureOf(
          limiter.attempt(newAccount().email, async () => {
            tested = true;
          }),
        );
        expect([failure.reason, tested]).to.deep.equal([reason, false]);
      } finally {
        connection.close();
        await proxy.close();
      }
    });
  }

  it('say nothing of a wrong password that could not be counted', async () => {
    const proxy = await startProxy(engines.redisUrlForDb(11));
    const connection = new RedisConnection(addressOf(proxy.url));
    try {
      const limiter = new LoginLimiter({
        counters: new RedisLoginCounters(connection),
        otherAddress: async () => null,
      });
      const attempt = limiter.attempt(newAccount().email, async () => {
        await proxy.refuse();
        return wrong();
      });
      expect(await reasonOf(attempt)).to.equal('unreachable');
    } finally {
      connection.close();
      await proxy.close();
    }
  });
});
