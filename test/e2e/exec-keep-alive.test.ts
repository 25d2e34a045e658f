import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { signIn } from '../support/accounts.ts';
import { newUser, type Running, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { type FlightProxy, startProxy } from '../support/flight-proxy.ts';
import { type HeldSession, holdSession } from '../support/held-session.ts';
import { plainClient } from '../support/session-backend.ts';
import { until } from '../support/until.ts';

/** Says that it runs, and ends with 7 at the first line of stdin. */
const WAITING = ['exec', '--', 'sh', '-c', 'echo ready; read line; exit 7'];

describe('airbnb exec keeps its session alive', () => {
  let user: User;
  let redis: Redis;
  let held: HeldSession;
  let key: string;
  let running: Running | undefined;
  before(async () => {
    user = await newUser();
    redis = plainClient(engines.redisUrl);
  });
  beforeEach(async () => {
    held = await holdSession(user);
    key = `session:${held.token}`;
  });
  afterEach(async () => {
    // Whatever failed, nothing is left running.
    running?.child.stdin?.end();
    await running?.result.catch(() => {});
    running = undefined;
  });
  after(async () => {
    redis.disconnect();
    await user.dispose();
  });

  /** Starts a command that waits for {@link ended}. */
  async function started(env: NodeJS.ProcessEnv, args = WAITING): Promise<Running> {
    const begun = user.start(args, { env, timeoutMs: 60_000 });
    running = begun;
    await until('the command runs', async () => begun.output.stdout.includes('ready'));
    return begun;
  }

  /** Lets the command end, which it does with its own exit code whatever has happened. */
  async function ended({ child, result }: Running) {
    child.stdin?.end('\n');
    const begin = performance.now();
    const { code, stderr } = await result;
    expect(code).to.equal(7);
    return { stderr, ms: performance.now() - begin };
  }

  const lastActivity = async () =>
    JSON.parse((await redis.get(key)) ?? '{}').last_activity as string | undefined;
  /** Resolves at the next refresh, with the milliseconds until then. */
  const refreshed = async (patienceMs?: number) => {
    const before = await lastActivity();
    return until('it is refreshed', async () => (await lastActivity()) !== before, patienceMs);
  };
  const warningsIn = (stderr: string) => stderr.split('\n').filter((line) => line !== '');

  for (const seconds of [1, 2]) {
    it(`of ${seconds} s, for several lifetimes`, async () => {
      const command = await started({ AIRBNB_SESSION_TTL: String(seconds) });
      const end = performance.now() + 2_500 + seconds * 500;
      while (performance.now() < end) {
        expect(await redis.pttl(key)).to.be.within(1, seconds * 1000);
        await sleep(50);
      }
      expect((await ended(command)).stderr).to.equal('');
      // And no longer.
      await sleep(seconds * 1000 + 100);
      expect(await redis.exists(key)).to.equal(0);
    });
  }

  it('at about a third of the lifetime, in one flight on the one connection', async () => {
    const proxy = await startProxy(engines.redisUrl);
    try {
      held = await holdSession(user, { claimedUrl: proxy.url });
      const command = await started({ REDIS_URL: proxy.url, AIRBNB_SESSION_TTL: '3' });
      // The Python client gave the index an end, which the first restore mends.
      await proxy.reset();
      await sleep(3_500);
      expect(proxy.flights).to.be.within(2, 4);
      expect(proxy.connections).to.equal(0);
      expect(proxy.commands.filter(([name]) => name?.toUpperCase() === 'EVAL')).to.have.length(proxy.flights);
      expect((await ended(command)).stderr).to.equal('');
    } finally {
      await proxy.close();
    }
  });

  it('that another client has given less time than is left, as soon as it learns that', async () => {
    const command = await started({ AIRBNB_SESSION_TTL: '4' });
    await refreshed();
    await redis.pexpire(key, 2_000);
    await refreshed();
    expect(await redis.pttl(key)).to.be.above(3_000);
    expect((await ended(command)).stderr).to.equal('');
  });

  it('as soon as it goes on after a halt, as after a sleep of the machine', async () => {
    const command = await started({ AIRBNB_SESSION_TTL: '6' });
    await sleep(300);
    command.child.kill('SIGSTOP');
    await sleep(2_200);
    const before = await lastActivity();
    command.child.kill('SIGCONT');
    await until('it is refreshed', async () => (await lastActivity()) !== before, 1_000);
    expect((await ended(command)).stderr).to.equal('');
  });

  it('on a connection that was cut, without a word', async () => {
    const proxy = await startProxy(engines.redisUrl);
    try {
      held = await holdSession(user, { claimedUrl: proxy.url });
      key = `session:${held.token}`;
      const command = await started({ REDIS_URL: proxy.url, AIRBNB_SESSION_TTL: '3' });
      for (let round = 0; round < 2; round++) {
        await sleep(200); // The reply to what was refreshed last is there by now.
        await proxy.refuse();
        await proxy.open();
        await refreshed();
      }
      expect((await ended(command)).stderr).to.equal('');
    } finally {
      await proxy.close();
    }
  });

  for (const [fault, bring] of Object.entries<(proxy: FlightProxy) => unknown>({
    'refuses connections': (proxy) => proxy.refuse(),
    'does not answer': (proxy) => proxy.blackhole(),
    'refuses the work': (proxy) => proxy.answer('EVAL', '-OOM command not allowed'),
    'is loading': (proxy) => proxy.answer('EVAL', '-LOADING Redis is loading the dataset in memory'),
  })) {
    it(`again when Redis ${fault} for a time, and warns once of each`, async () => {
      const proxy = await startProxy(engines.redisUrl);
      try {
        held = await holdSession(user, { claimedUrl: proxy.url });
        key = `session:${held.token}`;
        const command = await started({ REDIS_URL: proxy.url, AIRBNB_SESSION_TTL: '3' });
        for (let round = 0; round < 2; round++) {
          await bring(proxy);
          await redis.pexpire(key, 30_000);
          await until('it has noticed', async () => command.output.stderr !== '', 12_000);
          await sleep(500);
          await proxy.heal();
          await refreshed(6_000);
          await until('it says so', async () => command.output.stderr.includes('kept alive again'), 3_000);
        }
        const warnings = warningsIn((await ended(command)).stderr);
        expect(warnings).to.have.length(2);
        expect(warnings[0]).to.match(
          /^Warning: Redis (cannot be reached|answers but refuses).* The command goes on/,
        );
        expect(warnings[1]).to.equal('The session is kept alive again.');
      } finally {
        await proxy.close();
      }
    }).timeout(60_000);
  }

  for (const [fault, bring] of Object.entries<(proxy: FlightProxy) => unknown>({
    'refuses connections': (proxy) => proxy.refuse(),
    'does not answer': (proxy) => proxy.blackhole(),
  })) {
    it(`for as long as it can: where Redis ${fault} for good the command goes on, and ends when it ends`, async () => {
      const proxy = await startProxy(engines.redisUrl);
      try {
        held = await holdSession(user, { claimedUrl: proxy.url });
        const command = await started({ REDIS_URL: proxy.url, AIRBNB_SESSION_TTL: '2' });
        await bring(proxy);
        await until('it has noticed', async () => command.output.stderr !== '');
        await sleep(2_000);
        expect(command.child.exitCode).to.equal(null);
        const { stderr, ms } = await ended(command);
        expect(warningsIn(stderr)).to.have.length(1);
        expect(ms).to.be.below(1_000);
      } finally {
        await proxy.close();
      }
    });
  }

  for (const [reason, bringAbout, words] of [
    [
      'revoked',
      () => user.run(['sessions', 'revoke-all', '--yes']),
      /^Warning: Your session was revoked\. The command/,
    ],
    ['expired', () => redis.del(key), /^Warning: Your session has expired\. The command/],
    ['corrupt', () => redis.set(key, '[1]', 'EX', 50), /^Warning: Your session is damaged .* The command/],
  ] as const) {
    it(`until it is ${reason}: then it warns once, and the command goes on`, async () => {
      const command = await started({ AIRBNB_SESSION_TTL: '2' });
      await bringAbout();
      await until('it has noticed', async () => command.output.stderr !== '');
      const left = await redis.pttl(key);
      await sleep(1_500);
      if (reason === 'corrupt') expect(await redis.pttl(key)).to.be.below(left);
      expect(command.child.exitCode).to.equal(null);
      const warnings = warningsIn((await ended(command)).stderr);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(words);
    });
  }

  it('and warns when the command has ended, if it was revoked since it was refreshed last', async () => {
    const command = await started({});
    await user.run(['sessions', 'revoke-all', '--yes']);
    const { stderr } = await ended(command);
    expect(stderr).to.equal('Warning: Your session was revoked. That happened while the command ran.\n');
    held = await holdSession(user);
    const args = ['exec', '--revoke-on-exit', ...WAITING.slice(1)];
    const signedOut = await started({}, args);
    await user.run(['sessions', 'revoke-all', '--yes']);
    expect((await ended(signedOut)).stderr).to.equal(stderr);
  });

  it('within its absolute end, which it says', async () => {
    const wire = { ends_at: Date.now() + 3_000 };
    held = await holdSession(user, { wire });
    const command = await started({ AIRBNB_SESSION_TTL: '2' });
    await until('it has noticed', async () => command.output.stderr !== '');
    expect(Date.now()).to.be.within(wire.ends_at, wire.ends_at + 2_000);
    expect((await ended(command)).stderr).to.match(/^Warning: Your session has expired/);
  });

  it('and with it the embedded engines, which nobody else uses', async () => {
    // Long enough for whoever starts them on a busy machine to come to them.
    await using local = await newUser({ configured: false, env: { AIRBNB_LOCAL_IDLE: '4' } });
    await signIn(local);
    const env = { AIRBNB_SESSION_TTL: '3' };
    const { code, stderr } = await local.run(['exec', '--', 'sleep', '8'], { env });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect((await local.run(['whoami'])).code).to.equal(0);
  });
});
