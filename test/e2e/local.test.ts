import { expect } from 'chai';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { processesOf } from '../support/leftovers.ts';
import { readTokenFile } from '../support/token-file.ts';

describe('airbnb with nothing configured', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser({ configured: false });
  });
  after(() => user.dispose());

  it('starts no engine where none is needed', async () => {
    await Promise.all(
      (
        [
          [['whoami'], 4],
          [['sessions', 'list'], 4],
          [['logout'], 0],
          [['--help'], 0],
          [['login', '--help'], 0],
          [['--version'], 0],
          [['local', 'status'], 0],
          [['local', 'stop'], 0],
          [['doctor'], 0],
          [['whoami', '--no-such-flag'], 2],
          [['login', '--email', 'ana@example.com'], 2],
          [['register', '--email', 'ana', '--nombre', 'Ana', '--password-stdin'], 2],
        ] as const
      ).map(async ([args, code]) => {
        expect((await user.run([...args])).code, args.join(' ')).to.equal(code);
      }),
    );
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
    const status = (await user.run(['local', 'status', '--json'])).json();
    expect(status).to.include({ running: false, pid: null, postgres: 'off' });
  });

  it('starts them for the first command that needs them, and says so once, on stderr', async () => {
    account = newAccount();
    const args = ['register', '--email', account.email, '--nombre', 'Ana', '--password-stdin'];
    const first = await user.run(args, { input: account.password });
    expect(first.code).to.equal(0);
    expect(first.stderr).to.contain('embedded').and.to.contain('REDIS_URL').and.to.contain('DATABASE_URL');
    expect(first.stdout).not.to.contain('embedded');

    const login = await user.run(['login', '--email', account.email, '--password-stdin'], {
      input: account.password,
    });
    expect(login).to.include({ code: 0, stderr: '' });
    const whoami = (await user.run(['whoami', '--json'])).json();
    expect(whoami).to.include({ engine: 'embedded', email: account.email, degraded: false });
    expect(whoami.server).to.match(/^embedded:[0-9a-f]{8}:\w+$/);
  });

  it('names the embedded database when a login fails: a lost configuration looks like a wrong password', async () => {
    const flags = ['login', '--email', account.email, '--password-stdin'];
    const wrong = await user.run(flags, { input: 'not the password' });
    expect(wrong.code).to.equal(4);
    expect(wrong.stderr).to.contain('embedded').and.to.contain('DATABASE_URL');
    const unknown = await user.run(['login', '--email', 'nobody@example.com', '--password-stdin'], {
      input: account.password,
    });
    expect({ ...unknown, json: undefined }).to.deep.equal({ ...wrong, json: undefined });
  });

  it('shows what runs', async () => {
    const status = (await user.run(['local', 'status', '--json'])).json();
    expect(status).to.include({ running: true, stopped: false, postgres: 'ready' });
    expect(status.pid).to.be.a('number');
    expect(status.resident_bytes / 1024 / 1024).to.be.within(50, 500);
    const text = await user.run(['local', 'status']);
    expect(text).to.include({ code: 0, stderr: '' });
    expect(text.stdout).to.contain(String(status.pid)).and.to.contain(status.log);
  });

  it('runs every command on them', async () => {
    expect((await user.run(['db', 'status', '--json'])).json().pending).to.deep.equal([]);
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    const password = newAccount().password;
    const changed = await user.run(['password', '--password-stdin'], {
      input: `${account.password}\n${password}\n`,
    });
    expect(changed.code).to.equal(0);
    account = { ...account, password };
    const doctor = await user.run(['doctor', '--json']);
    expect(doctor).to.include({ code: 0, stderr: '' });
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
  });

  it('keeps accounts when they end, and says "expired" of the sessions, starting nothing for that', async () => {
    await signIn(user, account);
    expect((await user.run(['local', 'stop', '--json'])).json()).to.deep.equal({ stopped: true });
    expect((await user.run(['local', 'stop', '--json'])).json()).to.deep.equal({ stopped: false });
    expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'expired' });
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
    await signIn(user, account);
    expect((await user.run(['whoami'])).code).to.equal(0);
  });

  it('says the same after they were killed', async () => {
    const { pid } = (await user.run(['local', 'status', '--json'])).json();
    process.kill(pid, 'SIGKILL');
    expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'expired' });
    await signIn(user, account);
  });

  it('serve sessions alone where accounts are in a PostgreSQL that is configured, and say so', async () => {
    await using half = await newUser({ configured: false });
    const env = { DATABASE_URL: engines.databaseUrl };
    await using whole = await newUser();
    const { email, password } = await register(whole);
    const login = await half.run(['login', '--email', email, '--password-stdin'], { input: password, env });
    expect(login.code).to.equal(0);
    expect(login.stderr).to.match(/^REDIS_URL is not set, .*embedded Valkey/);
    const refused = await half.run(['whoami', '--strict', '--json'], { env });
    expect(jsonFailure(refused)).to.include({ reason: 'embedded_forbidden', setting: 'REDIS_URL' });
    expect(jsonFailure(refused).message).to.match(/^Redis is not configured/);
    expect(jsonFailure(refused).hint).to.match(/^Set REDIS_URL, /);
    await half.run(['local', 'stop']);
  });

  it('does not send their token to a server that is configured later', async () => {
    const { server } = await readTokenFile(user);
    const refused = await user.run(['whoami', '--json'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(jsonFailure(refused)).to.include({ code: 4, reason: 'other_server' });
    expect(jsonFailure(refused).message).to.contain(server);
  });

  it('forbids them in strict mode, whether by the flag or the variable', async () => {
    const input = account.password;
    await Promise.all(
      [
        ['whoami'],
        ['sessions', 'list'],
        ['logout'],
        ['login', '--email', account.email, '--password-stdin'],
        ['register', '--email', 'ana@example.com', '--nombre', 'A', '--password-stdin'],
        ['db', 'status'],
        ['doctor'],
      ].map(async (args) => {
        const refused = await user.run([...args, '--strict', '--json'], { input });
        expect(refused.code, args.join(' ')).to.equal(78);
        if (args[0] !== 'doctor') expect(jsonFailure(refused).reason).to.equal('embedded_forbidden');
      }),
    );
    for (const AIRBNB_STRICT of ['1', 'true']) {
      expect((await user.run(['whoami'], { env: { AIRBNB_STRICT } })).code).to.equal(78);
    }
    expect((await user.run(['whoami'], { env: { AIRBNB_STRICT: '0' } })).code).to.equal(0);
  });

  it('reset asks or needs --yes, and deletes accounts and sessions', async () => {
    const refused = await user.run(['local', 'reset', '--json']);
    expect(jsonFailure(refused)).to.include({ code: 2, reason: 'confirmation_required' });
    const declined = user.terminal(['local', 'reset']);
    await declined.expect(/Delete all accounts/);
    declined.press('enter');
    expect((await declined.exit()).code).to.equal(1);
    expect((await user.run(['whoami'])).code).to.equal(0);

    expect((await user.run(['local', 'reset', '--yes', '--json'])).json()).to.deep.equal({ reset: true });
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
    expect((await user.run(['local', 'reset', '--yes'])).code).to.equal(0);
    expect((await user.run(['local', 'status', '--json'])).json().data_bytes).to.equal(0);
  });

  it('begins anew after that, with progress where there is a terminal', async () => {
    const terminal = user.terminal(['login', '--email', account.email]);
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    await terminal.expect(/starting the embedded engines/i);
    await terminal.expect(/embedded engines are running/);
    await terminal.expect(/Wrong e-mail or password/);
    expect((await terminal.exit()).code).to.equal(4);
    await register(user, account);
  });
});
