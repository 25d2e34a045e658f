import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { type Account, register } from '../support/accounts.ts';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { processesOf } from '../support/leftovers.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';
import { newTokenKey } from '../support/token-key.ts';

describe('the token at rest', () => {
  let account: Account;
  let user: User;
  before(async () => {
    await using somebody = await newUser();
    account = await register(somebody);
  });
  beforeEach(async () => {
    user = await newUser();
  });
  afterEach(() => user.dispose());

  const sealing = (key = newTokenKey()) => ({ env: { AIRBNB_TOKEN_KEY: key } });
  const login = (options: RunOptions = {}, whose = user) =>
    whose.run(['login', '--email', account.email, '--password-stdin'], {
      input: account.password,
      ...options,
    });
  const failing = async (args: string[], options: RunOptions = {}) => {
    const { code, reason, setting } = jsonFailure(await user.run([...args, '--json'], options));
    return { code, reason, ...(setting === undefined ? {} : { setting }) };
  };
  const file = () => readFile(user.sessionFile, 'utf8');
  /** The tokens of the account's sessions, as Redis has them. */
  const tokens = async (userId: number) => {
    const redis = plainClient(engines.redisUrl);
    try {
      return await redis.smembers(`user:${userId}:sessions`);
    } finally {
      redis.disconnect();
    }
  };

  it('is sealed with a key, and every command that needs the session opens it', async () => {
    const options = sealing();
    expect((await login(options)).code).to.equal(0);
    const text = await file();
    const { v, email, user_id, server, sealed, ...more } = JSON.parse(text);
    expect({ v, email, server, more }).to.deep.equal({
      v: 2,
      email: account.email,
      server: `${engines.redisUrl}/0`,
      more: {},
    });
    const issued = await tokens(user_id);
    expect(issued).not.to.deep.equal([]);
    for (const token of issued) expect(text).not.to.include(token);
    expect(sealed).to.match(/^[\w-]{95}$/);

    for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'check'], ['doctor']]) {
      expect((await user.run(args, options)).code, args.join(' ')).to.equal(0);
    }
    expect((await user.run(['whoami', '--json'], options)).json()).to.include({
      token_source: 'file',
      user_id,
    });
    expect(await file(), 'a refresh leaves the file alone').to.equal(text);
    expect((await user.run(['logout', '--json'], options)).json()).to.deep.equal({ ended: 1 });
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('is sealed by the key in a file just the same', async () => {
    const key = newTokenKey();
    const keyFile = path.join(user.home, 'key');
    await writeFile(keyFile, `${key}\n`, { mode: 0o600 });
    const byFile = { env: { AIRBNB_TOKEN_KEY_FILE: keyFile } };
    expect((await login(byFile)).code).to.equal(0);
    expect((await user.run(['whoami'], byFile)).code).to.equal(0);
    expect((await user.run(['whoami'], sealing(key))).code).to.equal(0);
  });

  it('is kept with another key: 78, until the right one is there or a login replaces it', async () => {
    const options = sealing();
    await login(options);
    const text = await file();
    const wrong = sealing();
    for (const args of [
      ['whoami'],
      ['sessions', 'list'],
      ['sessions', 'check'],
      ['logout'],
      ['exec', '--', 'true'],
    ]) {
      const isExec = args[0] === 'exec';
      if (isExec) expect((await user.run(args, wrong)).code, args.join(' ')).to.equal(78);
      else
        expect(await failing(args, wrong), args.join(' ')).to.deep.equal({ code: 78, reason: 'token_key' });
      expect(await file()).to.equal(text);
    }
    const said = await user.run(['whoami'], wrong);
    expect(said.stderr)
      .to.include(user.sessionFile)
      .and.to.match(/AIRBNB_TOKEN_KEY\b.*airbnb login/);
    const checked = (await user.run(['doctor', '--json'], wrong)).json();
    expect(checked.checks.find(({ name }: { name: string }) => name === 'token_file').error.reason).to.equal(
      'token_key',
    );
    // The right key opens it still, and a login mends the rest.
    expect((await user.run(['whoami'], options)).code).to.equal(0);
    expect((await login(wrong)).code).to.equal(0);
    expect((await user.run(['whoami'], wrong)).code).to.equal(0);
    expect(await failing(['whoami'], options)).to.deep.equal({ code: 78, reason: 'token_key' });
  });

  it('is not believed where the file was changed, and the file is kept: 78', async () => {
    const options = sealing();
    await login(options);
    const text = await file();
    const { sealed, user_id } = JSON.parse(text);
    const changes: [string, string][] = [
      [`"user_id":${user_id}`, `"user_id":${user_id + 1}`],
      [account.email, 'someone@example.com'],
      ['"server":"redis://', '"server":"redis://evil.example,'],
      [sealed, sealed.slice(0, 30) + (sealed[30] === 'A' ? 'B' : 'A') + sealed.slice(31)],
      [sealed, sealed.slice(0, -5)],
      ['"v":2', '"v":1'],
      ['"v":2', '"v":2,"more":1'],
      [`"user_id":${user_id},`, ''],
      [`"user_id":${user_id}`, `"user_id":"${user_id}"`],
    ];
    for (const [from, to] of changes) {
      const changed = text.replace(from, to);
      await writeTokenFile(user, changed);
      for (const args of [['whoami'], ['logout']]) {
        expect(await failing(args, options), to).to.deep.equal({ code: 78, reason: 'token_key' });
      }
      expect(await file()).to.equal(changed);
    }
    expect((await user.run(['logout', '--local'], options)).code).to.equal(0);
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('is of no use without the key: 4, and one login mends it', async () => {
    await login(sealing());
    const text = await file();
    expect(await failing(['whoami'])).to.deep.equal({ code: 4, reason: 'token_key' });
    expect(await failing(['logout'])).to.deep.equal({ code: 4, reason: 'token_key' });
    expect(await file()).to.equal(text);
    expect((await login()).code).to.equal(0);
    expect((await user.run(['whoami'])).code).to.equal(0);
  });

  it('is not taken from a plain file with a key: 4, and one login mends it', async () => {
    await login();
    const { token } = JSON.parse(await file());
    const options = sealing();
    expect(await failing(['whoami'], options)).to.deep.equal({ code: 4, reason: 'token_key' });
    await writeTokenFile(user, token);
    expect(await failing(['whoami'], options)).to.deep.equal({ code: 4, reason: 'token_key' });
    expect((await login(options)).code).to.equal(0);
    expect(await file()).to.match(/^\{"v":2,/);
    expect((await user.run(['whoami'], options)).code).to.equal(0);
  });

  it('is asked for again by a person’s next command, but not with a wrong key', async () => {
    await login(sealing());
    const terminal = user.terminal(['whoami']);
    await terminal.expect(/is sealed, and no key is set/);
    // The e-mail is not sealed, so nobody has to type it.
    await terminal.expect(new RegExp(`E-mail: ${account.email}`));
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    const { code, text } = await terminal.exit();
    expect(code, text).to.equal(0);

    await login(sealing());
    const wrong = await user.terminal(['whoami'], sealing()).exit();
    expect(wrong.code).to.equal(78);
    expect(wrong.text).not.to.match(/E-mail:|Password:/);
  });

  it('is forgotten by logout --local, whatever the key', async () => {
    for (const options of [sealing(), {}]) {
      await login(sealing());
      expect((await user.run(['logout', '--local'], options)).code).to.equal(0);
      expect(existsSync(user.sessionFile)).to.equal(false);
    }
  });

  it('needs no key in AIRBNB_TOKEN', async () => {
    const { token } = await holdSession(user);
    await login(sealing());
    for (const key of [undefined, newTokenKey()]) {
      const env = { AIRBNB_TOKEN: token, AIRBNB_TOKEN_KEY: key };
      expect((await user.run(['whoami', '--json'], { env })).json()).to.include({ token_source: 'env' });
    }
  });

  describe('with a key that cannot be used ends every command with 78', () => {
    const bad: [string, NodeJS.ProcessEnv, object][] = [
      ['an empty one', { AIRBNB_TOKEN_KEY: '' }, { reason: 'empty_setting', setting: 'AIRBNB_TOKEN_KEY' }],
      [
        'an empty name',
        { AIRBNB_TOKEN_KEY_FILE: '' },
        { reason: 'empty_setting', setting: 'AIRBNB_TOKEN_KEY_FILE' },
      ],
      [
        'a short one',
        { AIRBNB_TOKEN_KEY: 'xk%short' },
        { reason: 'invalid_setting', setting: 'AIRBNB_TOKEN_KEY' },
      ],
      [
        'a file that is missing',
        { AIRBNB_TOKEN_KEY_FILE: '/nowhere/xk%key' },
        { reason: 'invalid_setting', setting: 'AIRBNB_TOKEN_KEY_FILE' },
      ],
      [
        'both',
        { AIRBNB_TOKEN_KEY: newTokenKey(), AIRBNB_TOKEN_KEY_FILE: '/nowhere/key' },
        { reason: 'conflicting_settings' },
      ],
    ];
    for (const [what, env, expected] of bad) {
      it(what, async () => {
        await login();
        const text = await file();
        for (const args of [
          ['whoami'],
          ['logout'],
          ['login', '--email', account.email, '--password-stdin'],
        ]) {
          expect(await failing(args, { env }), args.join(' ')).to.deep.equal({ code: 78, ...expected });
        }
        const { stdout, stderr, code } = await user.run(['doctor'], { env });
        expect(code).to.equal(78);
        expect(stdout + stderr).not.to.include('xk%');
        expect(await file()).to.equal(text);
      });
    }

    it('a file that others can read', async () => {
      const keyFile = path.join(user.home, 'key');
      await writeFile(keyFile, newTokenKey());
      await chmod(keyFile, 0o644);
      const refused = await user.run(['whoami'], { env: { AIRBNB_TOKEN_KEY_FILE: keyFile } });
      expect(refused.code).to.equal(78);
      expect(refused.stderr).to.include('AIRBNB_TOKEN_KEY_FILE').and.to.include('chmod 600');
    });
  });

  it('has a key that is in no output, and not with the embedded engines', async function () {
    this.timeout(40_000);
    const key = newTokenKey();
    const env = { AIRBNB_TOKEN_KEY: key, AIRBNB_TRACE: '1', DEBUG: '*' };
    await using somebody = await newUser({ configured: false, env });
    const { email, password } = await register(somebody);
    const printed: string[] = [];
    for (const args of [
      ['login', '--email', email, '--password-stdin'],
      ['whoami', '--json'],
      ['doctor'],
      ['doctor', '--json'],
      ['local', 'status', '--json'],
      ['whoami', key],
      ['login', '--email', key],
    ]) {
      const { stdout, stderr } = await somebody.run(args, { input: password });
      printed.push(stdout, stderr);
    }
    const hosts = await processesOf(somebody.folders.root);
    expect(hosts).not.to.deep.equal([]);
    for (const { pid, command } of hosts) {
      printed.push(command, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
    }
    for (const text of printed) expect(text).not.to.include(key.slice(0, 12));
    // doctor says that it is set.
    const { settings } = (await somebody.run(['doctor', '--json'])).json();
    expect(settings).to.deep.include({ name: 'AIRBNB_TOKEN_KEY', value: null, source: 'environment' });
  });
});
