import { expect } from 'chai';
import { type Account, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile } from '../support/token-file.ts';

describe('airbnb sessions list', () => {
  let user: User;
  let elsewhere: User;
  let account: Account;
  before(async () => {
    [user, elsewhere] = await Promise.all([newUser(), newUser()]);
    account = await register(user);
    await signIn(elsewhere, account);
    await signIn(user, account);
  });
  after(() => Promise.all([user.dispose(), elsewhere.dispose()]));

  it('reads like the menu that it replaces, in Spanish', async () => {
    const { token } = await readTokenFile(user);
    const { code, stdout, stderr } = await user.run(['sessions', 'list'], { env: { LANG: 'es_ES.UTF-8' } });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    const [title, total, , first] = stdout.split('\n');
    expect(title).to.equal('SESIONES ACTIVAS');
    expect(total).to.equal('Total de sesiones activas: 2');
    expect(first).to.match(/^Sesión 1:/);
    expect(stdout).to.match(/^Sesión 2:/m);
    expect(stdout).to.match(new RegExp(`^ *Token: +${token.slice(0, 8)}\\.\\.\\.$`, 'm'));
    expect(stdout).to.match(new RegExp(`^ *Email: +${account.email}$`, 'm'));
    for (const label of ['Creada', 'Última actividad']) {
      expect(
        stdout.match(
          new RegExp(`^ *${label}: +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [+-]\\d\\d:\\d\\d$`, 'gm'),
        ),
      ).to.have.length(2);
    }
    expect(stdout).not.to.contain(token);
  });

  it('gives the total and each session, newest first, and says which is this one', async () => {
    const { code, stderr, json } = await user.run(['sessions', 'list', '--json']);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    const { total, sessions } = json();
    expect(total).to.equal(2);
    const [mine, other] = sessions;
    expect([mine.current, other.current]).to.deep.equal([true, false]);
    expect(Date.parse(mine.created_at)).to.be.at.least(Date.parse(other.created_at));
    for (const session of sessions) {
      expect(session).to.have.all.keys(
        'id',
        'token_prefix',
        'user_id',
        'email',
        'rol',
        'auth_user_id',
        'huesped_id',
        'anfitrion_id',
        'nombre',
        'creado_en',
        'created_at',
        'last_activity',
        'device',
        'ip',
        'ip_source',
        'expires_in',
        'current',
      );
    }

    const there = (await elsewhere.run(['sessions', 'list', '--json'])).json().sessions;
    expect(there.map(({ id }: { id: string }) => id)).to.deep.equal([mine.id, other.id]);
    expect(there.map(({ current }: { current: boolean }) => current)).to.deep.equal([false, true]);
  });

  it('shows device and address of each, and marks this one, in English', async () => {
    const { stdout } = await user.run(['sessions', 'list']);
    expect(stdout).to.match(/^ACTIVE SESSIONS\nActive sessions: 2\n\nSession 1: \(this session\)\n/);
    expect(stdout.match(/^ *Device: +.*script$/gm)).to.have.length(2);
    expect(stdout.match(/^ *IP: +/gm)).to.have.length(2);
    expect(stdout.match(/^ *Time left: +\d+ s$/gm)).to.have.length(2);
    expect(stdout.match(/^ *ID: +[0-9a-f]{12}$/gm)).to.have.length(2);
  });

  it('refreshes the session that it runs in and no other', async () => {
    await using somebody = await newUser();
    const { wire, token } = await holdSession(somebody, { ttl: 20 });
    const other = await startSession({ ttl: 20, wire });
    await somebody.run(['sessions', 'list']);
    const redis = plainClient(engines.redisUrl);
    expect(await redis.ttl(`session:${token}`)).to.be.above(80);
    expect(await redis.ttl(`session:${other.token}`)).to.be.at.most(20);
    expect(JSON.parse((await redis.get(`session:${other.token}`)) ?? '')).to.deep.equal(other.wire);
    redis.disconnect();
  });

  it('leaves out what has expired, and removes it from the index', async () => {
    await using somebody = await newUser();
    const { wire } = await holdSession(somebody);
    const dead = await startSession({ wire });
    const redis = plainClient(engines.redisUrl);
    await redis.del(`session:${dead.token}`);
    expect((await somebody.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    expect(await redis.sismember(`user:${wire.user_id}:sessions`, dead.token)).to.equal(0);
    redis.disconnect();
  });

  it('warns of what is damaged, on stderr, and shows the rest', async () => {
    await using somebody = await newUser();
    const { wire } = await holdSession(somebody);
    const damaged = await startSession({ wire });
    const redis = plainClient(engines.redisUrl);
    await redis.set(`session:${damaged.token}`, '{"user_id":', 'EX', 60);
    redis.disconnect();
    const list = await somebody.run(['sessions', 'list']);
    expect(list.code).to.equal(0);
    expect(list.stdout).to.contain('Active sessions: 1');
    expect(list.stderr).to.match(/^Warning: 1 session is damaged/);
  });

  it('shows nobody else’s', async () => {
    await using somebody = await newUser();
    const { wire } = await holdSession(somebody);
    await holdSession(user);
    const { sessions } = (await somebody.run(['sessions', 'list', '--json'])).json();
    expect(sessions.map(({ user_id }: { user_id: number }) => user_id)).to.deep.equal([wire.user_id]);
    await signIn(user, account);
  });

  it('needs a session', async () => {
    await using somebody = await newUser();
    const refused = await somebody.run(['sessions', 'list', '--json']);
    expect(jsonFailure(refused)).to.include({ code: 4, reason: 'never' });
  });
});
