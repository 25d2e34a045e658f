import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { startProxy } from '../support/flight-proxy.ts';
import { type HeldSession, holdSession, startSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { processesOf } from '../support/leftovers.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';

describe('airbnb sessions check', () => {
  let user: User;
  let redis: Redis;
  let held: HeldSession;
  let key: string;
  let index: string;
  before(async () => {
    user = await newUser();
    redis = plainClient(engines.redisUrl);
  });
  beforeEach(async () => {
    held = await holdSession(user);
    key = `session:${held.token}`;
    index = `user:${held.wire.user_id}:sessions`;
  });
  after(async () => {
    redis.disconnect();
    await user.dispose();
  });

  const check = (...flags: string[]) => user.run(['sessions', 'check', ...flags]);
  const reasonOf = async (...flags: string[]) => jsonFailure(await check(...flags, '--json'));

  /** All that Redis knows of the session and its user, and how long it does. */
  async function traces(): Promise<unknown> {
    const members = await redis.smembers(index);
    return {
      type: await redis.type(key),
      // The reading itself takes a moment.
      tens: Math.ceil((await redis.pttl(key)) / 10_000),
      dump: (await redis.dumpBuffer(key))?.toString('hex'),
      members: members.sort(),
      indexEnds: (await redis.ttl(index)) !== -1,
    };
  }

  it('says that the session lives, and for how long', async () => {
    await redis.expire(key, 33);
    const text = await check();
    expect(text).to.include({ code: 0, stderr: '' });
    expect(text.stdout).to.match(new RegExp(`^The session of ${held.wire.email} lasts for 3[23] s\\.\\n$`));
    const document = (await check('--json')).json();
    expect(document).to.include({
      email: held.wire.email,
      current: true,
      token_source: 'file',
      degraded: false,
    });
    expect(document.expires_in).to.be.within(30, 33);
    expect(JSON.stringify(document)).not.to.contain(held.token);
  });

  it('is done in one flight, which reads and changes nothing', async () => {
    const proxy = await startProxy(engines.redisUrl);
    try {
      held = await holdSession(user, { claimedUrl: proxy.url });
      key = `session:${held.token}`;
      // What every restore would mend.
      await redis.expire(index, 900);
      await redis.expire(key, 45);
      const before = await traces();
      const env = { REDIS_URL: proxy.url };
      expect((await user.run(['sessions', 'check', '--min-ttl', '30s'], { env })).code).to.equal(0);
      expect(proxy.flights).to.equal(1);
      const names = proxy.commands.map(([name = '']) => name.toUpperCase());
      expect(names.filter((name) => !['AUTH', 'SELECT'].includes(name))).to.deep.equal([
        'GET',
        'PTTL',
        'EXISTS',
        'TIME',
      ]);
      expect(await traces()).to.deep.equal(before);
    } finally {
      await proxy.close();
    }
  });

  it('exits with 0 where it would last for as long as --min-ttl, and with 4 where not', async () => {
    await redis.expire(key, 61);
    for (const enough of ['1s', '59s']) expect((await check('--min-ttl', enough)).code, enough).to.equal(0);
    for (const tooMuch of ['62s', '2m', '1h']) {
      const failure = await reasonOf('--min-ttl', tooMuch);
      expect(failure).to.include({ code: 4, reason: 'expires_soon' });
      expect(failure).to.have.property('expires_in').that.is.within(55, 60);
    }
    const text = await check('--min-ttl', '80s');
    expect(text).to.include({ code: 4, stdout: '' });
    expect(text.stderr).to.match(
      /^Error: Your session ends in \d+ s, which is less than 80 s\.\n.*airbnb whoami/,
    );
    // Here no refresh could make it last for so long.
    for (const longer of ['90s', '5m']) {
      const { stderr } = await check('--min-ttl', longer);
      expect(stderr, longer).to.match(
        /AIRBNB_SESSION_TTL to more than \d+ for every command, login included/,
      );
      expect(stderr, longer).not.to.contain('whoami');
    }
  });

  it('counts the absolute end, which the Python client does not know', async () => {
    const { ends_at } = { ends_at: Date.now() + 20_000 };
    await redis.set(key, JSON.stringify({ ...held.wire, ends_at }), 'EX', 90);
    expect((await check('--json')).json().expires_in).to.be.within(15, 20);
    expect(await reasonOf('--min-ttl', '30s')).to.include({ reason: 'expires_soon' });
    await redis.set(key, JSON.stringify({ ...held.wire, ends_at: Date.now() - 1_000 }), 'EX', 90);
    const before = await traces();
    expect(await reasonOf()).to.include({ code: 4, reason: 'expired' });
    expect(await traces()).to.deep.equal(before);
  });

  it('is content with a session that has no end', async () => {
    await redis.persist(key);
    expect((await check('--min-ttl', '8760h')).code).to.equal(0);
    expect((await check()).stdout).to.contain('has no end');
    expect((await check('--json')).json().expires_in).to.equal(null);
    expect(await redis.pttl(key)).to.equal(-1);
  });

  it('exits with 4 and the reason where there is no session, and leaves everything as it is', async () => {
    const ways: [string, () => Promise<unknown>][] = [
      ['corrupt', () => redis.set(key, '[1]', 'EX', 50)],
      ['corrupt', () => redis.set(key, '{"user_id":"one"}', 'EX', 50)],
      ['corrupt', () => redis.del(key).then(() => redis.rpush(key, 'x'))],
      ['expired', () => redis.del(key)],
      [
        'revoked',
        async () => {
          await redis.set(key, JSON.stringify(held.wire), 'EX', 90);
          // As a Python client brings one back to life that was ended.
          await user.run(['sessions', 'revoke-all', '--yes']);
          await redis.set(key, JSON.stringify(held.wire), 'EX', 90);
        },
      ],
    ];
    for (const [reason, bringAbout] of ways) {
      await bringAbout();
      const before = await traces();
      for (const flags of [[], ['--min-ttl', '1s']]) {
        expect(await reasonOf(...flags)).to.include({ code: 4, reason });
        const text = await check(...flags);
        expect(text).to.include({ code: 4, stdout: '' });
        expect(text.stderr).to.match(/^Error: .+\n.*airbnb login/);
      }
      expect(await traces(), reason).to.deep.equal(before);
    }
    await user.run(['logout', '--local']);
    expect(await reasonOf()).to.include({ code: 4, reason: 'never' });
  });

  it('looks at AIRBNB_TOKEN, and at a file that holds a bare token', async () => {
    const { token } = await startSession({ wire: { email: 'ci@example.com' } });
    const env = { AIRBNB_TOKEN: token };
    const document = (await user.run(['sessions', 'check', '--json'], { env })).json();
    expect(document).to.include({ email: 'ci@example.com', token_source: 'env' });
    const missing = await user.run(['sessions', 'check', '--json'], { env: { AIRBNB_TOKEN: '' } });
    expect(jsonFailure(missing)).to.include({ code: 4, reason: 'never' });
    await writeTokenFile(user, `${token}\n`);
    expect((await check('--json')).json()).to.include({ email: 'ci@example.com', token_source: 'file' });
  });

  it('says whose fault it is where Redis cannot be asked', async () => {
    const { REDIS_URL } = { REDIS_URL: 'redis://127.0.0.1:1' };
    const away = await user.run(['sessions', 'check', '--json'], {
      env: { REDIS_URL, AIRBNB_TOKEN: held.token },
    });
    expect(jsonFailure(away)).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
  });

  it('refuses what is no duration, before it asks anybody', async () => {
    for (const typed of ['60', '5d', '500ms', '', '0s', '1h30m']) {
      const env = { REDIS_URL: 'redis://127.0.0.1:1' };
      const refused = await user.run(['sessions', 'check', `--min-ttl=${typed}`, '--json'], { env });
      const failure = jsonFailure(refused);
      expect(failure, typed).to.include({ code: 2, flag: '--min-ttl' });
      if (typed !== '') expect(failure.hint).to.match(/90s, 5m or 1h/);
    }
    expect(await reasonOf('--min-ttl')).to.include({ code: 2, reason: 'missing_value', flag: '--min-ttl' });
  });

  it('asks nothing at a terminal', async () => {
    await redis.del(key);
    const { code, text } = await user.terminal(['sessions', 'check']).exit();
    expect(code).to.equal(4);
    expect(text).not.to.match(/Password|E-mail/);
  });

  it('starts no engine, and finds the session of one that runs', async () => {
    await using local = await newUser({ configured: false });
    const nothing = await local.run(['sessions', 'check', '--json']);
    expect(jsonFailure(nothing)).to.include({ code: 4, reason: 'never' });
    const unknown = await local.run(['sessions', 'check', '--json'], { env: { AIRBNB_TOKEN: held.token } });
    expect(jsonFailure(unknown)).to.include({ code: 4, reason: 'expired' });
    expect(await processesOf(local.folders.root)).to.deep.equal([]);

    const account = await signIn(local);
    const found = (await local.run(['sessions', 'check', '--min-ttl', '1m', '--json'])).json();
    expect(found).to.include({ engine: 'embedded', email: account.email });
    await local.run(['local', 'stop']);
    expect(jsonFailure(await local.run(['sessions', 'check', '--json']))).to.include({ reason: 'expired' });
    expect(await processesOf(local.folders.root)).to.deep.equal([]);
  });
});
