import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { type HeldSession, holdSession, startSession, tokenFileOf } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { sampleSession } from '../support/sample-session.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';

/** Seconds that the damaged session has left: a refresh would give it 90. */
const LEFT = 50;

describe('a session that is damaged in Redis', () => {
  let user: User;
  let redis: Redis;
  before(async () => {
    user = await newUser();
    redis = plainClient(engines.redisUrl);
  });
  after(async () => {
    redis.disconnect();
    await user.dispose();
  });

  const wire = sampleSession();
  const json = JSON.stringify(wire);
  const with_ = (more: object) => JSON.stringify({ ...wire, ...more });
  const text = (value: string | Buffer) => (key: string) => redis.set(key, value);

  const damages: Record<string, (key: string) => Promise<unknown>> = {
    nothing: text(''),
    'no JSON': text('not json'),
    'bytes that are no text': text(Buffer.from([0, 0xff, 0xfe, 0x7f, 0x45])),
    'half of it': text(json.slice(0, json.length / 2)),
    'twice of it': text(json + json),
    null: text('null'),
    'a number': text('42'),
    'a text': text('"session"'),
    'an array': text(`[${json}]`),
    '100 KB of nothing': text(' '.repeat(100_000)),
    '100,000 brackets': text('['.repeat(100_000)),
    'a list': (key) => redis.rpush(key, json),
    'a hash': (key) => redis.hset(key, 'user_id', '1'),
    'a set': (key) => redis.sadd(key, json),
    'a sorted set': (key) => redis.zadd(key, 1, json),
    'a stream': (key) => redis.xadd(key, '*', 'user_id', '1'),
    ...Object.fromEntries(
      ['user_id', 'email', 'rol', 'last_activity'].flatMap((field) => [
        [`no ${field}`, text(with_({ [field]: undefined }))],
        [`${field} of null`, text(with_({ [field]: null }))],
        [`${field} of another type`, text(with_({ [field]: [{}] }))],
      ]),
    ),
  };

  for (const [what, damage] of Object.entries(damages)) {
    it(`is corrupt and not slid, and the rest of the list is shown: ${what}`, async () => {
      const sound = await holdSession(user);
      const damaged = await startSession({ wire: sound.wire });
      const key = `session:${damaged.token}`;
      await redis.del(key);
      await damage(key);
      await redis.expire(key, LEFT);
      const before = await redis.dump(key);

      const list = await user.run(['sessions', 'list', '--json']);
      expect(list.code).to.equal(0);
      expect(list.json().total).to.equal(1);
      expect(list.stderr).to.match(/^Warning: 1 session is damaged/);

      await writeTokenFile(user, tokenFileOf(damaged));
      for (const args of [['whoami'], ['sessions', 'check']]) {
        const refused = jsonFailure(await user.run([...args, '--json']));
        expect(refused, args.join(' ')).to.include({ code: 4, reason: 'corrupt' });
      }
      expect(await redis.ttl(key)).to.be.within(1, LEFT);
      expect(await redis.dump(key)).to.equal(before);
    });
  }

  it('is ended by a logout, and by revoke-all', async () => {
    const sound = await holdSession(user);
    const damaged: HeldSession[] = [];
    for (const damage of [text('{'), (key: string) => redis.rpush(key, 'x')]) {
      const session = await startSession({ wire: sound.wire });
      await redis.del(`session:${session.token}`);
      await damage(`session:${session.token}`);
      damaged.push(session);
    }
    const [first, second] = damaged as [HeldSession, HeldSession];
    await writeTokenFile(user, tokenFileOf(first));
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
    await writeTokenFile(user, tokenFileOf(sound));
    expect((await user.run(['sessions', 'revoke-all', '--yes', '--json'])).json()).to.deep.equal({
      ended: 2,
    });
    expect(await redis.exists(`session:${first.token}`, `session:${second.token}`)).to.equal(0);
  });

  it('is not there for what strayed into the index: the list removes it', async () => {
    const { wire } = await holdSession(user);
    const index = `user:${wire.user_id}:sessions`;
    await redis.sadd(index, '', ' ', 'x'.repeat(100_000), Buffer.from([0, 0xff]), '../..', '\u001b[2J');
    const list = await user.run(['sessions', 'list', '--json']);
    expect(list).to.include({ code: 0, stderr: '' });
    expect(list.json().total).to.equal(1);
  });

  it('is counted where it says that it is somebody else’s, and not shown', async () => {
    const { wire } = await holdSession(user);
    const other = await startSession({ wire: { email: 'other@example.com' } });
    expect(other.wire.user_id).not.to.equal(wire.user_id);
    await redis.sadd(`user:${wire.user_id}:sessions`, other.token);
    for (const args of [[], ['--json']]) {
      const list = await user.run(['sessions', 'list', ...args]);
      expect(list.code).to.equal(0);
      expect(list.stdout).not.to.contain('other@example.com');
      expect(list.stderr).to.match(/^Warning: 1 session is damaged and not shown/);
    }
    expect(await redis.exists(`session:${other.token}`)).to.equal(1);
  });

  it('shows a name of which nothing would be seen by its characters', async () => {
    await holdSession(user, { wire: { nombre: '\u2800\u200b' } });
    expect((await user.run(['whoami'])).stdout).to.contain('\\u{2800}\\u{200b}');
    expect((await user.run(['whoami', '--json'])).json().nombre).to.equal('\u2800\u200b');
  });

  it('is no crash where the index itself is of another type: 69', async () => {
    const { wire } = await holdSession(user);
    const index = `user:${wire.user_id}:sessions`;
    await redis.del(index);
    await redis.set(index, 'x');
    for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'revoke-all', '--yes']]) {
      const refused = jsonFailure(await user.run([...args, '--json']));
      expect(refused, args.join(' ')).to.include({ code: 69, reason: 'refusing_work' });
      expect(refused.message).to.include('WRONGTYPE');
    }
    await redis.del(index);
  });

  describe('in fields that no rule is about', () => {
    const odd: [string, object][] = [
      [
        'of other types',
        { nombre: 5, device: { x: [1] }, ip: false, ip_source: 7, huesped_id: 'x', auth_user_id: {} },
      ],
      [
        'that are missing',
        { nombre: undefined, creado_en: undefined, created_at: undefined, huesped_id: undefined },
      ],
      [
        'with times that are none',
        { creado_en: 'yesterday', created_at: '9999-99-99T99:99:99', last_activity: '' },
      ],
      ['with times out of reach', { creado_en: '0000-01-01T00:00:00', created_at: '+275760-09-13T00:00:01' }],
      ['with ids out of reach', { huesped_id: 1e300, anfitrion_id: -1.5 }],
    ];
    for (const [what, more] of odd) {
      it(`is shown as it is: ${what}`, async () => {
        const { token, wire } = await holdSession(user);
        await redis.set(`session:${token}`, JSON.stringify({ ...wire, ...more }), 'EX', LEFT);
        for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'check'], ['whoami', '--json']]) {
          expect(await user.run(args), args.join(' ')).to.include({ code: 0, stderr: '' });
        }
      });
    }
  });
});
