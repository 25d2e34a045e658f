import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type Result, type User } from '../support/cli.ts';
import { jsonFailure } from '../support/json-failure.ts';

describe('a password that comes by a flag', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser();
    account = await register(user);
  });
  after(() => user.dispose());

  const at = (name: string) => path.join(user.folders.work, name);
  async function fileOf(content: string | Buffer, mode = 0o600): Promise<string> {
    const file = at(`password-${mode}.txt`);
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  }
  const login = (file: string) =>
    user.run(['login', '--email', account.email, '--password-file', file, '--json']);
  const refusal = (result: Result) => {
    const failed = jsonFailure(result);
    expect(result.stdout + result.stderr).not.to.contain(account.password.slice(0, 8));
    return failed;
  };

  it('is the content of the file less one line end, of either kind', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const done = await login(await fileOf(account.password + end));
      expect(done, done.stdout).to.include({ code: 0, stderr: '' });
    }
    for (const end of ['\n\n', '\r', ' ']) {
      expect(refusal(await login(await fileOf(account.password + end)))).to.include({ code: 4 });
    }
  });

  it('is taken from a file by every command that takes one', async () => {
    const made = newAccount();
    const run = (args: string[]) => user.run([...args, '--json']);
    const given = ['--email', made.email, '--password-file', await fileOf(`${made.password}\n`)];
    expect((await run(['register', '--nombre', 'Ana', ...given])).code).to.equal(0);
    expect((await run(['login', ...given])).code).to.equal(0);
    const next = newAccount().password;
    const both = await fileOf(`${made.password}\n${next}\n`);
    expect((await run(['password', '--password-file', both])).json()).to.deep.equal({ ended: 0 });
    await fileOf(next);
    expect((await run(['login', ...given])).code).to.equal(0);
    await fileOf('another good password');
    expect((await run(['db', 'set-password', ...given])).json()).to.deep.equal({ ended: 2 });
    expect((await run(['login', ...given])).code).to.equal(0);
  });

  it('may come through a pipe, also one whose writer is late', async () => {
    const script = (source: string) =>
      `exec bash -c '"$0" "$1" login --email "$2" --password-file ${source}' "$@"`;
    const run = (source: string) =>
      new Promise<number | null>((resolve, reject) => {
        const args = [process.execPath, path.resolve(__dirname, '../../bin/run.js'), account.email];
        const child = spawn('sh', ['-c', script(source), 'sh', ...args], {
          env: { ...user.env, PW: account.password },
          cwd: user.folders.work,
          stdio: 'ignore',
        });
        child.once('error', reject);
        child.once('exit', resolve);
      });
    expect(await run('<(printf "%s\\n" "$PW")')).to.equal(0);
    expect(await run('<(sleep 0.5; printf "%s\\n" "$PW")')).to.equal(0);
    await promisify(execFile)('mkfifo', [at('pipe')]);
    const late = spawn('sh', ['-c', 'sleep 0.7; printf "%s" "$PW" > pipe'], {
      env: { ...user.env, PW: account.password },
      cwd: user.folders.work,
      stdio: 'ignore',
    });
    expect(await run('pipe')).to.equal(0);
    expect(late.exitCode ?? 0).to.equal(0);
    // Nobody will ever write into it: it does not wait for that.
    expect(refusal(await login(at('pipe')))).to.include({ code: 2, reason: 'password_input' });
  });

  it('is refused where it is empty, no file, too long, or not text', async () => {
    await mkdir(at('folder'), { recursive: true });
    await Promise.all(
      (
        [
          ['a file that is not there', at('missing'), /cannot be read \(ENOENT\)/],
          ['a folder', at('folder'), /not a file/],
          ['nothing', '/dev/null', /empty/],
          ['no end', '/dev/zero', /too long/],
        ] as const
      ).map(async ([what, file, message]) => {
        const refused = refusal(await login(file));
        expect(refused, what).to.include({ code: 2, reason: 'password_input', flag: '--password-file' });
        expect(refused.message, what).to.match(message);
        // What was typed there may be the password itself.
        if (file.startsWith(user.folders.work)) expect(refused.message + refused.hint).not.to.contain(file);
      }),
    );
    for (const [content, message] of [
      ['', /empty/],
      ['\r\n', /empty/],
      [Buffer.from([0x61, 0xff, 0x62]), /UTF-8/],
    ] as const) {
      const file = refusal(await login(await fileOf(content)));
      expect(file).to.include({ code: 2, reason: 'password_input', flag: '--password-file' });
      expect(file.message).to.match(message);
      const args = ['login', '--email', account.email, '--password-stdin', '--json'];
      const stdin = refusal(await user.run(args, { input: content }));
      expect(stdin).to.include({ code: 2, reason: 'password_input', flag: '--password-stdin' });
      expect(stdin.message).to.match(message);
    }
  });

  it('is refused in a file of one line or three, where two passwords are asked for', async () => {
    await signIn(user, account);
    for (const content of [account.password, `${account.password}\n\n`, 'one\ntwo\nthree\n']) {
      const args = ['password', '--password-file', await fileOf(content), '--json'];
      const refused = refusal(await user.run(args));
      expect(refused).to.include({ code: 2, reason: 'password_input' });
      expect(refused.message).to.contain('two lines');
    }
  });

  it('cannot come from two places', async () => {
    const args = ['login', '--email', account.email, '--password-stdin', '--password-file', at('missing')];
    const refused = refusal(await user.run([...args, '--json'], { input: account.password }));
    expect(refused).to.include({ code: 2, reason: 'conflicting_flags' });
    expect(refused.message).to.contain('--password-stdin').and.to.contain('--password-file');
  });

  it('in a file that others can read is used, with a warning that names the remedy', async () => {
    for (const [mode, warns] of [
      [0o600, false],
      [0o400, false],
      [0o640, true],
      [0o604, true],
    ] as const) {
      const done = await login(await fileOf(account.password, mode));
      expect(done.code).to.equal(0);
      expect(done.stderr).to.match(warns ? /^Warning: Others can read .*chmod 600 .*\n$/ : /^$/);
    }
  });

  it('is not read from a terminal, which would show it', async () => {
    for (const flags of [['--password-stdin'], ['--password-file', '/dev/tty']]) {
      const terminal = user.terminal(['login', '--email', account.email, ...flags]);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(2);
      expect(text).to.contain('A terminal would show the password');
    }
  });
});
