import { expect } from 'chai';
import { signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { codesUntilDone } from '../support/codes-until-done.ts';
import { engines } from '../support/engines.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { describeOnRedisServers, isFullRun } from '../support/redis-servers-suite.ts';
import { readTokenFile } from '../support/token-file.ts';

/** Milliseconds: a server counts as lost after one second here, and then the sentinels have to agree. */
const FAILOVER = 12_000;
const FAILOVERS = isFullRun ? 2 : 1;
const PASSWORD = 'correct-horse-battery';

describeOnRedisServers('behind Redis Sentinel', () => {
  let redis: RedisSentinels;
  let user: User;

  before(async function () {
    this.timeout(30_000);
    redis = await RedisSentinels.start({ password: PASSWORD });
    user = await behind(redis.addresses);
  });

  after(async () => {
    await user?.dispose();
    await redis?.dispose();
  });

  const behind = (sentinels: string, env: NodeJS.ProcessEnv = {}) =>
    newUser({
      env: {
        REDIS_URL: undefined,
        REDIS_SENTINELS: sentinels,
        REDIS_MASTER_NAME: RedisSentinels.masterName,
        REDIS_PASSWORD: PASSWORD,
        ...env,
      },
    });

  it('sign in, show, list, sign out', async () => {
    const account = await signIn(user);
    const { server } = await readTokenFile(user);
    const sorted = redis.addresses.split(',').sort().join(',');
    expect(server).to.equal(`redis-sentinel://${RedisSentinels.masterName}@${sorted}`);
    expect((await user.run(['whoami', '--json'])).json()).to.include({ email: account.email, server });
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    expect((await user.run(['doctor', '--json'])).stdout).to.include(server);
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
  });

  it('find the primary where most sentinels are down', async () => {
    const [one] = redis.addresses.split(',');
    await using lonely = await behind(`127.0.0.1:1,127.0.0.1:2,${one}`);
    await signIn(lonely);
    expect((await lonely.run(['whoami'])).code).to.equal(0);
  });

  const faults: [string, NodeJS.ProcessEnv, string][] = [
    ['a name that no sentinel knows', { REDIS_MASTER_NAME: 'other' }, 'REDIS_MASTER_NAME'],
    ['a wrong password', { REDIS_PASSWORD: 'wrong' }, 'REDIS_SENTINELS'],
    ['no password', { REDIS_PASSWORD: undefined }, 'REDIS_SENTINELS'],
  ];
  for (const [what, env, setting] of faults) {
    it(`refuse ${what}`, async () => {
      const failure = jsonFailure(
        await user.run(['whoami', '--json'], { env: { ...env, AIRBNB_TOKEN: 'A'.repeat(43) } }),
      );
      expect(failure).to.include({ code: 78, reason: 'misconfigured' });
      expect(failure.hint).to.include(setting);
    });
  }

  it('refuse a server that is no sentinel', async () => {
    await using wrong = await behind(new URL(engines.redisUrl).host, { AIRBNB_TOKEN: 'A'.repeat(43) });
    const failure = jsonFailure(await wrong.run(['whoami', '--json']));
    expect(failure).to.include({ code: 78, reason: 'misconfigured' });
    expect(failure.message).to.include('NOSENTINEL');
  });

  it('work again, with the session, when a replica has taken over, and say 69 until then', async function () {
    this.timeout(FAILOVERS * 40_000);
    await signIn(user);
    for (let count = 0; count < FAILOVERS; count++) {
      const { primary, replica } = await redis.roles();
      await primary.kill();
      expect(await codesUntilDone(user, FAILOVER)).to.have.members([69, 0]);
      expect((await redis.roles()).primary).to.equal(replica);
      // The old one comes back as the primary that it is no more.
      await primary.start();
      for (let command = 0; command < 5; command++) expect((await user.run(['whoami'])).code).to.equal(0);
      if (isFullRun) await redis.settled();
    }
  });

  it('say 69 where no sentinel can be reached', async () => {
    await Promise.all(redis.sentinels.map((sentinel) => sentinel.kill()));
    const begin = performance.now();
    const failure = jsonFailure(await user.run(['whoami', '--json']));
    expect(performance.now() - begin, 'milliseconds').to.be.below(2_000);
    expect(failure).to.include({ code: 69, reason: 'unreachable' });
    expect(failure.hint).to.include('REDIS_SENTINELS');
  });
});

describeOnRedisServers('behind sentinels that ask for the password too', () => {
  it('sign in and show', async function () {
    this.timeout(30_000);
    const redis = await RedisSentinels.start({ password: PASSWORD, sentinelPassword: PASSWORD });
    try {
      const configured = { REDIS_SENTINELS: redis.addresses, REDIS_MASTER_NAME: RedisSentinels.masterName };
      await using user = await newUser({
        env: { REDIS_URL: undefined, ...configured, REDIS_PASSWORD: PASSWORD },
      });
      await signIn(user);
      expect((await user.run(['whoami'])).code).to.equal(0);
      const wrong = await user.run(['whoami', '--json'], { env: { REDIS_PASSWORD: 'wrong' } });
      expect(jsonFailure(wrong)).to.include({ code: 78, reason: 'misconfigured' });
    } finally {
      await redis.dispose();
    }
  });
});
