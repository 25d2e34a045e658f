import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { register } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { type HeldSession, holdSession, startSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';

describe('AIRBNB_TOKEN', () => {
  let user: User;
  let given: HeldSession;
  let env: { AIRBNB_TOKEN: string };
  before(async () => {
    user = await newUser();
  });
  beforeEach(async () => {
    given = await startSession({ wire: { email: 'ci@example.com' } });
    env = { AIRBNB_TOKEN: given.token };
  });
  after(() => user.dispose());

  const isAlive = async ({ token }: HeldSession) => {
    const redis = plainClient(engines.redisUrl);
    const found = await redis.exists(`session:${token}`);
    redis.disconnect();
    return found === 1;
  };

  it('signs in without a file, and makes none', async () => {
    await user.run(['logout', '--local']);
    const whoami = await user.run(['whoami', '--json'], { env });
    expect(whoami.json()).to.include({ email: 'ci@example.com', token_source: 'env', current: true });
    expect(whoami.stdout).not.to.contain(given.token);
    expect((await user.run(['whoami'], { env })).stdout).to.contain('AIRBNB_TOKEN');
    expect((await user.run(['sessions', 'list', '--json'], { env })).json().total).to.equal(1);
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('refreshes its session, and mends the index of its user', async () => {
    const redis = plainClient(engines.redisUrl);
    await redis.expire(`session:${given.token}`, 30);
    await redis.del(`user:${given.wire.user_id}:sessions`);
    await user.run(['whoami'], { env });
    expect(await redis.ttl(`session:${given.token}`)).to.be.above(80);
    expect(await redis.sismember(`user:${given.wire.user_id}:sessions`, given.token)).to.equal(1);
    redis.disconnect();
  });

  it('wins over the file, and leaves it alone', async () => {
    const held = await holdSession(user);
    const file = await readFile(user.sessionFile, 'utf8');
    expect((await user.run(['whoami', '--json'], { env })).json().email).to.equal('ci@example.com');
    expect((await user.run(['logout', '--json'], { env })).json()).to.deep.equal({ ended: 1 });
    expect([await isAlive(given), await isAlive(held)]).to.deep.equal([false, true]);
    expect(await readFile(user.sessionFile, 'utf8')).to.equal(file);
  });

  it('is revoked from and by, as any session', async () => {
    const other = await startSession({ wire: given.wire });
    const id = createHash('sha256').update(other.token).digest('hex').slice(0, 12);
    expect((await user.run(['sessions', 'revoke', id, '--json'], { env })).json()).to.deep.equal({
      ended: 1,
    });
    const all = ['sessions', 'revoke-all', '--yes', '--json'];
    expect((await user.run(all, { env })).json()).to.deep.equal({ ended: 1 });
    const gone = await user.run(['whoami', '--json'], { env });
    expect(jsonFailure(gone)).to.include({ code: 4, reason: 'revoked' });
  });

  it('is "expired" once its session has', async () => {
    const gone = await user.run(['whoami', '--json'], { env: { AIRBNB_TOKEN: 'C'.repeat(43) } });
    expect(jsonFailure(gone)).to.include({ code: 4, reason: 'expired' });
  });

  it('is "not signed in" where it is empty, and does not fall back to the file', async () => {
    await holdSession(user);
    const refused = await user.run(['whoami', '--json'], { env: { AIRBNB_TOKEN: '' } });
    expect(jsonFailure(refused)).to.include({ code: 4, reason: 'never' });
    const logout = await user.run(['logout', '--json'], { env: { AIRBNB_TOKEN: '' } });
    expect(logout.json()).to.deep.equal({ ended: 0 });
    expect((await user.run(['whoami'])).code).to.equal(0);
  });

  it('is refused where it is no token, and not repeated', async () => {
    await holdSession(user);
    await Promise.all(
      ['short', `${'D'.repeat(43)}=`, `${'D'.repeat(42)} `, `{"token":"${'D'.repeat(43)}"}`].map(
        async (AIRBNB_TOKEN) => {
          for (const args of [['whoami'], ['logout'], ['sessions', 'list']]) {
            const refused = await user.run([...args, '--json'], { env: { AIRBNB_TOKEN } });
            expect(jsonFailure(refused), args.join(' ')).to.include({ code: 4, reason: 'malformed' });
            expect(refused.stdout).not.to.contain(AIRBNB_TOKEN);
          }
        },
      ),
    );
    expect(existsSync(user.sessionFile)).to.equal(true);
  });

  it('may end with the line end that a secret store has added', async () => {
    for (const end of ['\n', '\r\n']) {
      const whoami = await user.run(['whoami', '--json'], { env: { AIRBNB_TOKEN: given.token + end } });
      expect(whoami.json().email).to.equal('ci@example.com');
    }
  });

  it('does not keep anybody from signing in, which warns that it still wins', async () => {
    const account = await register(user);
    const login = await user.run(['login', '--email', account.email, '--password-stdin'], {
      input: account.password,
      env,
    });
    expect(login.code).to.equal(0);
    expect(login.stderr).to.match(/^Warning: AIRBNB_TOKEN/);
    expect(await readFile(user.sessionFile, 'utf8')).not.to.contain(given.token);
    expect((await user.run(['whoami', '--json'])).json().email).to.equal(account.email);
    expect((await user.run(['whoami', '--json'], { env })).json().email).to.equal('ci@example.com');

    const terminal = user.terminal(['login', '--email', account.email], { env });
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    expect((await terminal.exit()).code).to.equal(0);
  });
});
