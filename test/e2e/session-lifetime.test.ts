import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { type Account, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile } from '../support/token-file.ts';

describe('the lifetime of a session', () => {
  let user: User;
  let account: Account;
  let redis: Redis;
  before(async () => {
    user = await newUser();
    account = await register(user);
    redis = plainClient(engines.redisUrl);
  });
  after(async () => {
    redis.disconnect();
    await user.dispose();
  });

  const left = async () => redis.pttl(`session:${(await readTokenFile(user)).token}`);
  const whoami = (env: NodeJS.ProcessEnv = {}) => user.run(['whoami', '--json'], { env });
  const short = { AIRBNB_SESSION_TTL: '3' };

  it('is 90 seconds, by default', async () => {
    await signIn(user, account);
    expect(await left()).to.be.within(80_000, 90_000);
  });

  it('begins anew with every command that needs a session', async () => {
    const { token } = await holdSession(user);
    for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'revoke', 'ffffffffffff']]) {
      await redis.expire(`session:${token}`, 40);
      await user.run(args);
      expect(await left(), args.join(' ')).to.be.within(80_000, 90_000);
    }
    const { last_activity, created_at } = JSON.parse((await redis.get(`session:${token}`)) ?? '');
    expect(Date.parse(`${last_activity}Z`)).to.be.closeTo(Date.now(), 10_000);
    expect(created_at).to.equal('2025-11-16T15:00:00');
  });

  it('does not begin anew with a typo, help, or a command that needs no session', async () => {
    const { token } = await holdSession(user);
    await redis.expire(`session:${token}`, 40);
    for (const args of [
      ['whoami', '--no-such-flag'],
      ['whoami', 'extra'],
      ['sessions', 'list', '--jsno'],
      ['sessions', 'revoke'],
      ['sessions', 'revoke', 'xyz'],
      ['sessions', 'revoke', 'x'.repeat(43)],
      ['sessions', 'revoke-all', '--yess'],
      ['password', '--password-stdinn'],
      ['whoami', '--help'],
      ['help', 'whoami'],
      ['--version'],
      ['doctor'],
      ['db', 'status'],
      ['local', 'status'],
    ]) {
      await user.run(args);
      expect(await left(), args.join(' ')).to.be.at.most(40_000);
    }
  });

  it('is what AIRBNB_SESSION_TTL says, at login and at every refresh', async () => {
    const flags = ['login', '--email', account.email, '--password-stdin'];
    const login = await user.run(flags, { input: account.password, env: { AIRBNB_SESSION_TTL: '240' } });
    expect(login.stdout).to.contain('TTL: 240 seconds');
    expect(await left()).to.be.within(230_000, 240_000);
    expect((await whoami()).json().expires_in).to.equal(90);
    expect((await whoami({ AIRBNB_SESSION_TTL: '31536000' })).json().expires_in).to.equal(31_536_000);
  });

  it('slides while it is used, and ends when it is not: then the reason is "expired"', async () => {
    const login = ['login', '--email', account.email, '--password-stdin'];
    await user.run(login, { input: account.password, env: short });
    for (let use = 0; use < 2; use++) {
      await sleep(1700);
      expect((await whoami(short)).code, `use ${use}`).to.equal(0);
    }
    await sleep(3050);
    expect(jsonFailure(await whoami(short))).to.include({ code: 4, reason: 'expired' });
    const text = await user.run(['whoami'], { env: { ...short, LANG: 'es_ES.UTF-8' } });
    expect(text).to.include({ code: 4, stdout: '' });
    expect(text.stderr).to.contain('Tu sesión ha expirado').and.to.contain('airbnb login');
  });

  it('has an absolute end where AIRBNB_SESSION_MAX_AGE is set at login, past which nothing takes it', async () => {
    const env = { AIRBNB_SESSION_TTL: '3', AIRBNB_SESSION_MAX_AGE: '4' };
    const login = ['login', '--email', account.email, '--password-stdin'];
    await user.run(login, { input: account.password, env });
    const started = Date.now();
    const { token } = await readTokenFile(user);
    const { ends_at } = JSON.parse((await redis.get(`session:${token}`)) ?? '');
    expect(ends_at)
      .to.be.a('number')
      .that.is.closeTo(started + 4000, 2000);
    // A later process neither needs the variable nor gets round it with a longer lifetime.
    const used = await whoami({ AIRBNB_SESSION_TTL: '500' });
    expect(used.code).to.equal(0);
    expect(used.json().expires_in).to.be.at.most(4);
    expect(await left()).to.be.at.most(4000);
    await sleep(Math.max(0, ends_at - Date.now()) + 100);
    expect(jsonFailure(await whoami({ AIRBNB_SESSION_TTL: '500' }))).to.include({
      code: 4,
      reason: 'expired',
    });
  });

  it('has none without it', async () => {
    await signIn(user, account);
    const { token } = await readTokenFile(user);
    expect(JSON.parse((await redis.get(`session:${token}`)) ?? '')).not.to.have.property('ends_at');
  });

  it('ends with a Redis that is started anew', async () => {
    const own = await engines.ownRedis();
    try {
      await using somebody = await newUser({ env: { REDIS_URL: own.url } });
      await holdSession(somebody, { url: own.url });
      expect((await somebody.run(['whoami'])).code).to.equal(0);
      await own.restart();
      const gone = await somebody.run(['whoami', '--json']);
      expect(jsonFailure(gone)).to.include({ code: 4, reason: 'expired' });
    } finally {
      await own.dispose();
    }
  });

  it('is each session’s own, where one account has several', async () => {
    await using elsewhere = await newUser();
    await signIn(user, account);
    await signIn(elsewhere, account);
    const ids = await Promise.all(
      [user, elsewhere].map(async (one) => (await one.run(['whoami', '--json'])).json().id),
    );
    expect(ids[0]).not.to.equal(ids[1]);
    await elsewhere.run(['logout']);
    expect((await whoami()).json().id).to.equal(ids[0]);
  });
});
