import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm } from 'node:fs/promises';
import { expect } from 'chai';
import { type Account, register } from '../support/accounts.ts';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
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

  it('is asked for anew where its session is gone, as a login would not change it', async () => {
    await holdSession(user);
    for (const [token, reason] of [
      ['', 'never'],
      ['C'.repeat(43), 'expired'],
    ] as const) {
      for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'check']]) {
        const gone = jsonFailure(await user.run([...args, '--json'], { env: { AIRBNB_TOKEN: token } }));
        expect(gone, args.join(' ')).to.include({ code: 4, reason });
        expect(gone.hint, args.join(' ')).to.contain('login --token-only').and.to.contain('unset');
      }
    }
  });

  it('is named by a logout, which says what it did and what stays', async () => {
    await holdSession(user);
    const logout = async (flags: string[], token: string) => {
      const { code, stderr, stdout } = await user.run(['logout', ...flags], { env: { AIRBNB_TOKEN: token } });
      expect(code).to.equal(0);
      return stderr || stdout; // What a job always does at its end is no reason for a warning.
    };
    expect(await logout([], given.token)).to.match(
      /^Signed out: the session of AIRBNB_TOKEN was ended\. .*left alone\.\n$/,
    );
    expect(await logout([], given.token)).to.match(
      /^The session of AIRBNB_TOKEN had ended before\. .*left alone\.\n$/,
    );
    expect(await logout([], '')).to.match(/^Warning: AIRBNB_TOKEN is set but empty/);
    expect(existsSync(user.sessionFile)).to.equal(true);
    expect(await logout(['--local'], given.token)).to.match(/^Warning: AIRBNB_TOKEN is set and still wins/);
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  describe('printed by login --token-only', () => {
    let account: Account;
    before(async () => {
      account = await register(user);
    });
    const login = (flags: string[] = [], options: RunOptions = {}) =>
      user.run(['login', '--email', account.email, '--password-stdin', '--token-only', ...flags], {
        input: account.password,
        ...options,
      });

    it('is all of stdout, works, and is in no file', async () => {
      await user.run(['logout', '--local']);
      const { code, stdout, stderr } = await login();
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(/^[A-Za-z0-9_-]{43}\n$/);
      expect(existsSync(user.sessionFile)).to.equal(false);
      const own = { AIRBNB_TOKEN: stdout.trim() };
      const whoami = (await user.run(['whoami', '--json'], { env: own })).json();
      expect(whoami).to.include({ email: account.email, token_source: 'env' });
      // And so for each command that asks for a session.
      const all = (await user.run(['sessions', 'revoke-all', '--yes', '--json'], { env: own })).json();
      expect(all).to.deep.equal({ ended: 1 });
    });

    it('leaves the token file alone, even one that is unsafe, and asks for no other', async () => {
      await holdSession(user);
      await chmod(user.sessionFile, 0o644);
      const before = await readFile(user.sessionFile, 'utf8');
      expect((await login()).code).to.equal(0);
      expect((await login([], { env })).code).to.equal(0);
      expect(await readFile(user.sessionFile, 'utf8')).to.equal(before);
      await rm(user.sessionFile);
    });

    it('has no JSON', async () => {
      expect(jsonFailure(await login(['--json']))).to.include({ code: 2, reason: 'json_refused' });
    });

    it('is not printed where the password is wrong', async () => {
      const wrong = await login([], { input: 'not the password' });
      expect(wrong).to.include({ code: 4, stdout: '' });
    });

    it('ends its session again where nobody got it', async function () {
      if (!existsSync('/dev/full')) this.skip();
      const { stdout: token } = await login();
      const run = `airbnb login --email ${account.email} --password-stdin --token-only > /dev/full; echo "code $?"`;
      expect((await user.runShell(run, { input: account.password })).stdout).to.equal('code 1\n');
      const list = await user.run(['sessions', 'list', '--json'], { env: { AIRBNB_TOKEN: token } });
      const ids = list.json().sessions.map(({ token_prefix }: { token_prefix: string }) => token_prefix);
      expect(ids[0]).to.equal(token.slice(0, 8));
    });

    it('is what a shell puts into its environment, also when it asks', async () => {
      const script = `export AIRBNB_TOKEN="$(airbnb login --token-only)"; airbnb whoami`;
      const terminal = user.shellTerminal(script);
      await terminal.expect(/E-mail:/);
      terminal.answer(account.email);
      await terminal.expect(/Password:/);
      terminal.answer(account.password);
      await terminal.expect(new RegExp(`<${account.email}>`));
      expect((await terminal.exit()).code).to.equal(0);
    });
  });

  it('does not keep anybody from signing in, which warns that it still wins', async () => {
    const account = await register(user);
    const login = await user.run(['login', '--email', account.email, '--password-stdin'], {
      input: account.password,
      env,
    });
    expect(login.code).to.equal(0);
    expect(login.stderr).to.match(/^Warning: AIRBNB_TOKEN is set and still wins/);
    const args = ['login', '--email', account.email, '--password-stdin'];
    const empty = await user.run(args, { input: account.password, env: { AIRBNB_TOKEN: '' } });
    expect(empty.stderr).to.match(/^Warning: AIRBNB_TOKEN is set, but empty/);
    const printed = await user.run([...args, '--token-only'], { input: account.password, env });
    expect(printed.stdout).to.match(/^[\w-]{43}\n$/);
    expect(printed.stderr).to.match(
      /^Warning: AIRBNB_TOKEN is set: .* until you replace it by the new token\.\n$/,
    );
    const first = await user.run([...args, '--token-only'], { input: account.password });
    expect(first.stderr).to.equal('');
    expect(await readFile(user.sessionFile, 'utf8')).not.to.contain(given.token);
    expect((await user.run(['whoami', '--json'])).json().email).to.equal(account.email);
    expect((await user.run(['whoami', '--json'], { env })).json().email).to.equal('ci@example.com');

    const terminal = user.terminal(['login', '--email', account.email], { env });
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    expect((await terminal.exit()).code).to.equal(0);
  });
});
