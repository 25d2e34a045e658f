import { expect } from 'chai';
import { LOGIN_LIMITS } from '../../src/lib/auth/login-limiter.ts';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type Result, type RunOptions, type User } from '../support/cli.ts';
import type { EngineProcess } from '../support/engines/engine-process.ts';
import { engines } from '../support/engines.ts';
import { type JsonFailure, jsonFailure } from '../support/json-failure.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { describeOnRedisServers } from '../support/redis-servers-suite.ts';
import { startRelay } from '../support/relay.ts';
import { plainClient } from '../support/session-backend.ts';

const MANY = 50;
const LIMIT = LOGIN_LIMITS.pair.attempts;
const WRONG = 'not the password';

describe('attempts to sign in', function () {
  this.timeout(60_000);

  let redis: EngineProcess;
  let user: User;
  let account: Account;
  before(async () => {
    redis = await engines.ownRedis();
    user = await newUser({ env: { REDIS_URL: redis.url } });
  });
  beforeEach(async () => {
    account = await register(user);
  });
  after(async () => {
    await user?.dispose();
    await redis?.dispose();
  });

  const login = (input: string, options: RunOptions & { email?: string } = {}) =>
    user.run(['login', '--email', options.email ?? account.email, '--password-stdin', '--json'], {
      input,
      ...options,
    });

  /**
   * On a machine so busy that Redis answers too late it is tried again. Strict, as it would go on to a stand-in, which
   * counts for itself.
   */
  async function wrongLoginThatIsAnswered(): Promise<Result> {
    for (;;) {
      const result = await login(WRONG, { timeoutMs: 100_000, env: { AIRBNB_STRICT: '1' } });
      if (result.code !== 69) return result;
    }
  }

  async function reasonsOf(times: number, options: RunOptions & { email?: string } = {}): Promise<string[]> {
    const reasons: string[] = [];
    for (let time = 0; time < times; time++) {
      reasons.push(jsonFailure(await login(WRONG, options)).reason);
    }
    return reasons;
  }

  /** As if the time of all delays had passed. */
  async function passDelays(url = redis.url): Promise<void> {
    const client = plainClient(url);
    try {
      for (const key of await client.keys('airbnb:login:pair:*')) await client.pexpire(key, 1);
    } finally {
      client.disconnect();
    }
  }

  it('end with 75 after so many wrong ones, also with the right password, until the delay is over', async () => {
    expect(await reasonsOf(LIMIT)).to.deep.equal(Array(LIMIT).fill('wrong_credentials'));
    const refused = await login(account.password);
    expect(refused.code).to.equal(75);
    expect(refused.stderr).to.equal('');
    const failure = jsonFailure(refused);
    expect(failure.reason).to.equal('too_many_attempts');
    expect(failure.retry_after).to.be.within(LOGIN_LIMITS.firstDelay - 30, LOGIN_LIMITS.firstDelay);

    await passDelays();
    expect((await login(account.password)).code).to.equal(0);
    expect(await reasonsOf(1)).to.deep.equal(['wrong_credentials']);
  });

  it('say in words when to try again', async () => {
    await reasonsOf(LIMIT);
    await passDelays();
    await reasonsOf(1); // now the delay is of two minutes
    const flags = ['login', '--email', account.email, '--password-stdin'];
    const english = await user.run(flags, { input: account.password });
    expect(english).to.include({ code: 75, stdout: '' });
    expect(english.stderr).to.match(/^Error: Too many attempts .*\nTry again in 2 minutes\.\n$/);
    const spanish = await user.run(flags, { input: account.password, env: { LANG: 'es_ES.UTF-8' } });
    expect(spanish.stderr).to.match(
      /^Error: Demasiados intentos .*\nInténtalo otra vez dentro de 2 minutos\.\n$/,
    );
  });

  it('for an e-mail without an account are limited like the others', async () => {
    const { email } = newAccount();
    const unknown: JsonFailure[] = [];
    const known: JsonFailure[] = [];
    for (let time = 0; time <= LIMIT; time++) {
      unknown.push(jsonFailure(await login(WRONG, { email })));
      known.push(jsonFailure(await login(WRONG)));
    }
    const told = (failures: JsonFailure[]) =>
      failures.map(({ code, reason, message }) => ({ code, reason, message }));
    expect(told(unknown)).to.deep.equal(told(known));
    expect(known.at(-1)?.reason).to.equal('too_many_attempts');
  });

  it(`of which ${MANY} wrong ones come at once test no more passwords than the limit`, async function () {
    this.timeout(120_000);
    const begin = performance.now();
    const results = await Promise.all(Array.from({ length: MANY }, wrongLoginThatIsAnswered));
    const seconds = (performance.now() - begin) / 1000;
    const codes = results.map(({ code }) => code);
    const tested = codes.filter((code) => code === 4).length;
    // On a machine so busy that a delay goes by meanwhile, one more may be due.
    expect(tested).to.be.within(LIMIT, LIMIT + Math.floor(Math.log2(seconds / LOGIN_LIMITS.firstDelay + 1)));
    expect(codes.filter((code) => code === 75).length).to.equal(MANY - tested);
  });

  it('name nobody in Redis, and are forgotten within a day', async () => {
    await reasonsOf(LIMIT);
    await login(account.password, { email: (await register(user)).email });
    const client = plainClient(redis.url);
    try {
      const keys = await client.keys('airbnb:login:*');
      expect(keys.length).to.be.at.least(6);
      for (const key of keys) {
        expect(key).to.match(/^airbnb:login:[a-z-]+:[0-9a-f]{64}$/);
        expect(await client.ttl(key), key).to.be.within(0, 86_400);
      }
    } finally {
      client.disconnect();
    }
  });

  it('by "airbnb password", and after a session has gone, count as well', async () => {
    await signIn(user, account);
    const change = () =>
      user.run(['password', '--password-stdin', '--json'], { input: `${WRONG}\n${WRONG}\n` });
    for (let time = 0; time < LIMIT - 1; time++) {
      expect(jsonFailure(await change()).reason).to.equal('wrong_credentials');
    }
    const client = plainClient(redis.url);
    for (const key of await client.keys('session:*')) await client.del(key);
    client.disconnect();
    const again = user.terminal(['whoami']);
    await again.expect(/Password:/);
    again.answer(WRONG);
    await again.expect(/Wrong e-mail or password/);
    expect((await again.exit()).code).to.equal(4);
    const refused = user.terminal(['whoami']);
    await refused.expect(/Password:/);
    refused.answer(account.password);
    await refused.expect(/Too many attempts/);
    expect((await refused.exit()).code).to.equal(75);
  });

  it('from elsewhere do not keep the owner out', async function () {
    // Valkey in WebAssembly does not know who its clients are.
    if (engines.kind !== 'servers' || process.platform !== 'linux') this.skip();
    await using elsewhere = await startRelay(redis.url, '127.0.0.2');
    const env = { REDIS_URL: elsewhere.url, SSH_CONNECTION: '127.0.0.1 50000 127.0.0.1 22' };
    await reasonsOf(LIMIT, { env });
    expect((await login(account.password, { env })).code).to.equal(75);
    const owner = await login(account.password);
    expect(owner.code, owner.stdout).to.equal(0);
    expect((await login(account.password, { env })).code, 'elsewhere, after the owner was let in').to.equal(
      75,
    );
  });

  describe('while Redis is away', () => {
    it('are counted in PostgreSQL: a REDIS_URL that leads nowhere gives as many again, and no more', async () => {
      await using somebody = await newUser();
      const try_ = (password: string, url: string) =>
        somebody.run(['login', '--email', account.email, '--password-stdin', '--json'], {
          input: password,
          env: { REDIS_URL: url },
        });
      const own = await engines.ownRedis();
      try {
        const codes: (number | null)[] = [];
        for (let time = 0; time <= LIMIT; time++) codes.push((await try_(WRONG, own.url)).code);
        await own.kill();
        for (let time = 0; time <= LIMIT; time++) codes.push((await try_(WRONG, own.url)).code);
        // Another stand-in, and one that has forgotten everything.
        codes.push((await try_(account.password, 'redis://127.0.0.1:1')).code);
        await somebody.run(['local', 'stop']);
        codes.push((await try_(account.password, own.url)).code);
        const tested = Array(LIMIT).fill(4);
        expect(codes).to.deep.equal([...tested, 75, ...tested, 75, 75, 75]);
      } finally {
        await own.dispose();
      }
    });

    it('pass with the right password', async () => {
      await using somebody = await newUser({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
      await signIn(somebody, account);
      expect((await somebody.run(['whoami', '--json'])).json()).to.include({ degraded: true });
    });

    it('test nothing in strict mode', async () => {
      const env = { REDIS_URL: 'redis://127.0.0.1:1', AIRBNB_STRICT: '1' };
      for (const password of [WRONG, account.password]) {
        expect(jsonFailure(await login(password, { env }))).to.include({ code: 69, reason: 'unreachable' });
      }
    });
  });

  it('on engines of one’s own are limited too', async () => {
    await using somebody = await newUser({ configured: false });
    const { email, password } = await register(somebody);
    const flags = ['login', '--email', email, '--password-stdin', '--json'];
    for (let time = 0; time < LIMIT; time++) {
      expect((await somebody.run(flags, { input: WRONG })).code).to.equal(4);
    }
    expect((await somebody.run(flags, { input: password })).code).to.equal(75);
  });
});

describeOnRedisServers('attempts to sign in, on a Redis Cluster', () => {
  it('are counted on whichever nodes have the counters', async function () {
    this.timeout(60_000);
    const cluster = await RedisCluster.start();
    try {
      await using user = await newUser({ env: { REDIS_URL: undefined, REDIS_CLUSTER: cluster.seeds } });
      const { email, password } = await signIn(user);
      const login = ['login', '--email', email, '--password-stdin'];
      for (let time = 0; time < LIMIT; time++) {
        expect((await user.run(login, { input: WRONG })).code).to.equal(4);
      }
      expect((await user.run(login, { input: password })).code).to.equal(75);
    } finally {
      await cluster.dispose();
    }
  });
});
