import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Account, register } from '../support/accounts.ts';
import { newUser, type Result, type User } from '../support/cli.ts';

const ROOT = join(__dirname, '..', '..');

describe('the recipes in docs/ci.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'ci.md'), 'utf8');
  let user: User;
  let account: Account;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    user = await newUser();
    account = await register(user);
    env = { PATH: await user.linkedPath(), AIRBNB_EMAIL: account.email };
  });
  after(() => user.dispose());

  const inWork = (name: string) => join(user.folders.work, name);

  /** The first block of code under a heading, as it stands there. */
  function recipe(heading: string, language: string): string {
    const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    const code = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``).exec(section)?.[1];
    if (code === undefined) throw new Error(`docs/ci.md has no ${language} under "${heading}"`);
    return `${code}\n`;
  }

  /** Signed in, listed one session more than before, and signed out; the token was in no file. */
  async function expectDone({ code, stdout, stderr }: Result): Promise<void> {
    expect(code, stdout + stderr).to.equal(0);
    expect(stdout).to.contain(`<${account.email}>`);
    expect(stdout).to.contain('the session of AIRBNB_TOKEN was ended');
    expect(stderr).not.to.contain('Warning');
    expect(stdout + stderr).not.to.contain(account.password);
    const { total, sessions } = JSON.parse(await readFile(inWork('sessions.json'), 'utf8'));
    expect(total).to.equal(1);
    expect(sessions[0]).to.include({ email: account.email, current: true });
    expect(existsSync(user.sessionFile)).to.equal(false);
  }

  it('for a shell script works as it stands there', async () => {
    await writeFile(inWork('nightly.sh'), recipe('Shell script', 'sh'));
    await chmod(inWork('nightly.sh'), 0o755);
    const run = (more: NodeJS.ProcessEnv) =>
      user.runShell('./nightly.sh', { env: { ...env, AIRBNB_PASSWORD: account.password, ...more } });
    await expectDone(await run({}));
    // What fails ends the script, with the code that says why.
    expect(await run({ AIRBNB_PASSWORD: 'not the password' })).to.include({ code: 4, stdout: '' });
    // A secret that got lost, as any variable of ours that is empty.
    expect(await run({ AIRBNB_PASSWORD: '' })).to.include({ code: 78, stdout: '' });
    expect(await run({ REDIS_URL: undefined })).to.include({ code: 78, stdout: '' });
  });

  /** Sends a signal to what a script starts once that is signed in, and sees that it has signed out. */
  async function expectSignedOut(signal: string, start: string): Promise<Result> {
    await rm(inWork('token'), { force: true });
    const interrupt = `until [ -s token ]; do sleep 0.05; done; kill -${signal} $!; wait $!`;
    const result = await user.runShell(`${start} & ${interrupt}`, {
      env: { ...env, AIRBNB_PASSWORD: account.password },
    });
    const AIRBNB_TOKEN = await readFile(inWork('token'), 'utf8');
    expect((await user.run(['whoami', '--json'], { env: { AIRBNB_TOKEN } })).json().error.reason).to.equal(
      'revoked',
    );
    return result;
  }

  /** Something that takes a while, in the place of the last command of a recipe. */
  const lasting = (text: string, dollar: string) =>
    text.replace(
      'airbnb sessions list --json > sessions.json',
      () => `printf %s "${dollar}AIRBNB_TOKEN" > token && sleep 1 && echo "not reached"`,
    );

  it('for a shell script signs out where that is ended by a signal, in sh too', async () => {
    await writeFile(inWork('lasting.sh'), lasting(recipe('Shell script', 'sh'), '$'));
    for (const [signal, code] of [
      ['TERM', 143],
      ['HUP', 129],
    ] as const) {
      const { code: ended, stdout } = await expectSignedOut(signal, 'sh lasting.sh');
      expect(ended).to.equal(code);
      expect(stdout).not.to.contain('not reached');
    }
  });

  it('for make works as it stands there', async function () {
    try {
      execFileSync('make', ['--version']);
    } catch {
      this.skip();
    }
    await writeFile(inWork('Makefile'), recipe('Makefile', 'make'));
    await writeFile(inWork('password.txt'), `${account.password}\n`, { mode: 0o600 });
    await expectDone(await user.runShell('make --no-print-directory report', { env }));
    await writeFile(inWork('Makefile'), lasting(recipe('Makefile', 'make'), '$$'));
    await expectSignedOut('TERM', 'make report');
    await writeFile(inWork('password.txt'), 'not the password\n');
    expect((await user.runShell('make report', { env })).code).to.equal(2);
  });

  it('for GitHub Actions has a step that works', async () => {
    const yaml = recipe('GitHub Actions', 'yaml');
    const step = /^( +)run: \|\n((?:\1 .*\n)+)/m.exec(yaml)?.[2] ?? '';
    expect(step).to.contain('login --token-only');
    await writeFile(inWork('step.sh'), step.replace(/^ +/gm, ''));
    const settings = { ...env, AIRBNB_STRICT: '1', CI: 'true', AIRBNB_PASSWORD: account.password };
    // As a runner does, which asks for bash and takes sh where there is none.
    const done = await user.runShell('sh -e step.sh', { env: settings });
    await expectDone(done);
    expect(done.stdout).to.match(/^::add-mask::[\w-]{43}\n/);
  });

  it('for GitLab CI has a script that works', async () => {
    const yaml = recipe('GitLab CI', 'yaml');
    const lines = /^ {2}script:\n((?: {4}- .*\n)+)/m.exec(yaml)?.[1] ?? '';
    expect(lines).to.contain('login --token-only');
    await writeFile(inWork('password.txt'), account.password, { mode: 0o600 });
    const settings = { ...env, AIRBNB_STRICT: '1', CI: 'true', AIRBNB_PASSWORD: inWork('password.txt') };
    await writeFile(inWork('script.sh'), lines.replace(/^ {4}- /gm, ''));
    await expectDone(await user.runShell('sh -e script.sh', { env: settings }));
  });
});
