import { chmod, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { type Account, newAccount, register } from '../support/accounts.ts';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { startProxy } from '../support/flight-proxy.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

describe('airbnb login', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser();
    account = await register(user, { nombre: 'Ana Pérez' });
  });
  after(() => user.dispose());

  const login = (whose: User, flags: string[] = [], options: RunOptions = {}) =>
    whose.run(['login', '--email', account.email, '--password-stdin', ...flags], {
      input: `${account.password}\n`,
      ...options,
    });

  it('says who is signed in, how long, that use refreshes it, and how to change that', async () => {
    const done = await login(user);
    expect(done).to.include({ code: 0, stderr: '' });
    expect(done.stdout).to.contain(`Ana Pérez <${account.email}>`);
    expect(done.stdout).to.contain('TTL: 90 seconds, refreshed by every command');
    expect(done.stdout).to.contain('AIRBNB_SESSION_TTL');
  });

  it('says so in Spanish', async () => {
    const done = await login(user, [], { env: { LANG: 'es_ES.UTF-8' } });
    expect(done.stdout).to.contain('Sesión creada (TTL: 90 segundos con auto-refresh)');
    expect(done.stdout).to.contain('AIRBNB_SESSION_TTL');
  });

  it('keeps the token in a file that is nobody else’s, one line of JSON', async () => {
    await using somebody = await newUser();
    const done = await login(somebody, ['--json']);
    const folder = path.dirname(somebody.sessionFile);
    expect(((await lstat(folder)).mode & 0o777).toString(8)).to.equal('700');
    expect(((await lstat(somebody.sessionFile)).mode & 0o777).toString(8)).to.equal('600');
    expect(await readdir(folder)).to.deep.equal(['session']);

    const text = await readFile(somebody.sessionFile, 'utf8');
    expect(text).to.match(/^\{"v":1,.*\}\n$/);
    const { token, email, user_id, server } = await readTokenFile(somebody);
    expect(token).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect({ email, user_id, server }).to.deep.equal({
      email: account.email,
      user_id: done.json().user_id,
      server: `${engines.redisUrl}/0`,
    });
    expect(done.stdout).not.to.contain(token);
  });

  it('asks Redis five times: whether it is there, for an attempt, to give that back, for a session, and which others are over', async () => {
    const proxy = await startProxy(engines.redisUrl);
    try {
      expect((await login(user, [], { env: { REDIS_URL: proxy.url } })).code).to.equal(0);
      expect(proxy.flights).to.equal(5);
    } finally {
      await proxy.close();
    }
  });

  it('takes one connection of PostgreSQL and says goodbye to it, as registering does', async () => {
    const url = new URL(engines.databaseUrl);
    url.searchParams.set('sslmode', 'disable');
    const proxy = await startProxy(url.href);
    try {
      await using somebody = await newUser({ env: { DATABASE_URL: proxy.url } });
      for (const command of [() => login(somebody), () => register(somebody)]) {
        await proxy.reset();
        await command();
        expect(proxy.connections).to.equal(1);
        expect(proxy.messages.filter(({ from }) => from === 'client').at(-1)).to.have.property('name', 'X');
      }
    } finally {
      await proxy.close();
    }
  });

  it('starts a session of its own with a token of its own each time', async () => {
    const ids: string[] = [];
    const tokens: string[] = [];
    for (let time = 0; time < 2; time++) {
      ids.push((await login(user, ['--json'])).json().id);
      tokens.push((await readTokenFile(user)).token);
    }
    expect(ids[0]).not.to.equal(ids[1]);
    expect(tokens[0]).not.to.equal(tokens[1]);
    const list = (await user.run(['sessions', 'list', '--json'])).json();
    expect(list.sessions.map(({ id }: { id: string }) => id)).to.include.members(ids);
  });

  it('writes the session in the form that the Python client reads', async () => {
    await login(user);
    const { token } = await readTokenFile(user);
    const redis = plainClient(engines.redisUrl);
    try {
      const session = JSON.parse((await redis.get(`session:${token}`)) ?? '');
      expect(Object.keys(session).slice(0, 10)).to.deep.equal([
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
      ]);
      for (const time of ['creado_en', 'created_at', 'last_activity']) {
        expect(session[time], time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?$/);
      }
      expect(await redis.sismember(`user:${session.user_id}:sessions`, token)).to.equal(1);
      expect(await redis.ttl(`user:${session.user_id}:sessions`)).to.equal(-1);
    } finally {
      redis.disconnect();
    }
  });

  it('records the device, and the address from which Redis sees us', async () => {
    const { device, ip, ip_source } = (await login(user, ['--json'])).json();
    expect(Buffer.byteLength(device)).to.be.at.most(40);
    expect(device).to.match(new RegExp(`${process.platform} airbnb/[\\d.]+ script$`));
    // Valkey in WebAssembly does not know who its clients are.
    const seen = engines.kind === 'servers';
    expect({ ip, ip_source }).to.deep.equal({
      ip: seen ? '127.0.0.1' : null,
      ip_source: seen ? 'redis' : null,
    });
  });

  it('records the client of an SSH connection instead', async () => {
    const env = { SSH_CONNECTION: '2001:db8::7 52000 192.0.2.1 22' };
    const { device, ip, ip_source } = (await login(user, ['--json'], { env })).json();
    expect(device).to.match(/ ssh$/);
    expect({ ip, ip_source }).to.deep.equal({ ip: '2001:db8::7', ip_source: 'ssh' });
  });

  it('takes the e-mail in any case and with blanks around it', async () => {
    const flags = ['login', '--email', ` ${account.email.toUpperCase()} `, '--password-stdin', '--json'];
    expect((await user.run(flags, { input: account.password })).json().email).to.equal(account.email);
  });

  it('asks on a terminal, and shows nothing of the password', async () => {
    const terminal = user.terminal(['login']);
    await terminal.expect(/E-mail:/);
    terminal.answer(account.email);
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    await terminal.expect(/Signed in as Ana Pérez/);
    expect((await terminal.exit()).code).to.equal(0);
    expect(terminal.raw).not.to.contain(account.password.slice(0, 6)).and.not.to.contain('*');
    const device = (await user.run(['whoami', '--json'])).json().device;
    expect(device).to.match(/ tty$/);
  });

  it('asks again for an e-mail where none is typed, in the language of the person', async () => {
    const terminal = user.terminal(['login'], { env: { LANG: 'es_ES.UTF-8' } });
    await terminal.expect(/Correo:/);
    terminal.answer(' ');
    await terminal.expect(/Hace falta/);
    terminal.answer(account.email);
    await terminal.expect(/Contraseña:/);
    terminal.answer(account.password);
    await terminal.expect(/Has iniciado sesión como/);
    const { code, text } = await terminal.exit();
    expect(code).to.equal(0);
    expect(text).not.to.match(/masked|must provide/);
  });

  describe('with credentials that are wrong', () => {
    it('prints the same bytes for a wrong password, an unknown e-mail and one that cannot be', async () => {
      const attempts: [string, string][] = [
        [account.email, 'not the password'],
        [newAccount().email, account.password],
        ['no e-mail at all', account.password],
        [account.email, 'x'.repeat(500)],
      ];
      for (const flags of [[], ['--json']]) {
        const results = await Promise.all(
          attempts.map(([email, password]) =>
            user.run(['login', '--email', email, '--password-stdin', ...flags], { input: password }),
          ),
        );
        const [first, ...others] = results.map(({ code, stdout, stderr }) => ({ code, stdout, stderr }));
        expect(first?.code).to.equal(4);
        for (const other of others) expect(other).to.deep.equal(first);
      }
    });

    it('leaves the session that was there before alone', async () => {
      await login(user);
      const before = await readFile(user.sessionFile, 'utf8');
      const wrong = await login(user, ['--json'], { input: 'not the password' });
      expect(jsonFailure(wrong)).to.include({ code: 4, reason: 'wrong_credentials' });
      expect(await readFile(user.sessionFile, 'utf8')).to.equal(before);
    });

    it('asks a person once, and says so', async () => {
      const terminal = user.terminal(['login', '--email', account.email]);
      await terminal.expect(/Password:/);
      terminal.answer('not the password');
      await terminal.expect(/Wrong e-mail or password/);
      expect((await terminal.exit()).code).to.equal(4);
    });

    it('takes a password of an empty line for none', async () => {
      const empty = await login(user, ['--json'], { input: '\n' });
      expect(jsonFailure(empty)).to.include({ code: 2, reason: 'password_input' });
    });
  });

  describe('where the token file cannot be kept', () => {
    const sessionsOfAccount = async () => (await user.run(['sessions', 'list', '--json'])).json().total;

    it('fails with 1 and ends the session again, where it cannot be written', async () => {
      await login(user);
      const before = await sessionsOfAccount();
      await using somebody = await newUser();
      // Nobody may write there, root included.
      const env = { AIRBNB_SESSION_FILE: '/proc/self/session' };
      const failed = await login(somebody, ['--json'], { env });
      expect(jsonFailure(failed)).to.include({ code: 1, reason: 'token_file_unwritable' });
      expect(jsonFailure(failed).message).to.contain('/proc/self/session');
      expect(await sessionsOfAccount()).to.equal(before);
    });

    it('refuses an unsafe file before it verifies anything, and says how to mend it', async () => {
      await using somebody = await newUser();
      const target = path.join(somebody.home, 'elsewhere');
      await mkdir(path.dirname(somebody.sessionFile), { mode: 0o700 });
      await symlink(target, somebody.sessionFile);
      const refused = await login(somebody, ['--json'], { input: 'not even the password' });
      expect(jsonFailure(refused)).to.include({ code: 78, reason: 'token_file_unsafe' });
      expect(jsonFailure(refused).hint).to.contain(`rm '${somebody.sessionFile}'`);
      const terminal = somebody.terminal(['login']);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(78);
      expect(text).not.to.match(/E-mail:|Password:/);
    });

    it('refuses a folder that others can write to', async () => {
      await using somebody = await newUser();
      await mkdir(path.dirname(somebody.sessionFile));
      await chmod(path.dirname(somebody.sessionFile), 0o777);
      const refused = jsonFailure(await login(somebody, ['--json']));
      expect(refused).to.include({ code: 78, reason: 'token_file_unsafe' });
      expect(refused.hint).to.contain('chmod 700');
    });

    it('replaces a file that holds no session', async () => {
      await using somebody = await newUser();
      await writeTokenFile(somebody, 'nothing of ours');
      expect((await login(somebody)).code).to.equal(0);
      expect((await somebody.run(['whoami'])).code).to.equal(0);
    });
  });

  it('names the flag that is missing where there is nobody to ask', async () => {
    const email = jsonFailure(await user.run(['login', '--json']));
    expect(email).to.include({ code: 2, reason: 'missing_flag', flag: '--email' });
    const password = jsonFailure(await user.run(['login', '--email', account.email, '--json']));
    expect(password).to.include({ code: 2, reason: 'missing_flag', flag: '--password-stdin' });
  });
});
