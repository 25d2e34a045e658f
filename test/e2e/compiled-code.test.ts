import { cp, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { register } from '../support/accounts.ts';
import { newUser, type Result, type User } from '../support/cli.ts';
import { holdSession } from '../support/held-session.ts';

const ROOT = path.resolve(__dirname, '../..');

/** The bundles that a command is made of: what finds it, and what runs it. */
const BUNDLES = ['cli', 'run-command'];
const LARGEST = 'run-command';

describe('the compiled code that is kept', () => {
  let user: User;
  let home: string;
  /** A copy of the built package, in a folder with a space and accents in its name. */
  let copy: string;

  beforeEach(async () => {
    user = await newUser();
    await holdSession(user);
    home = await mkdtemp(path.join(os.tmpdir(), 'airbnb code ñandú-'));
    copy = path.join(home, 'package');
    for (const part of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
      await cp(path.join(ROOT, part), path.join(copy, part), { recursive: true });
    }
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  });
  afterEach(async () => {
    await user.dispose();
    await rm(home, { recursive: true, force: true });
  });

  const whoami = (env: NodeJS.ProcessEnv = {}, script = path.join(copy, 'bin', 'run.js')): Promise<Result> =>
    user.run(['whoami', '--json'], { script, env });

  async function expectWorking(result: Result) {
    expect(result.stderr).to.equal('');
    expect(result.code).to.equal(0);
    expect(result.json().current).to.equal(true);
  }

  const codeIn = async (folder: string) => {
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => name.endsWith('.code'))
      .sort()
      .map((name) => path.join(folder, name));
  };
  const bundlesOf = (code: string[]) =>
    code.map((file) => path.basename(file).replace(/-[0-9a-f]{16}-.*$/, ''));
  const largestOf = (code: string[]) => code.find((file) => bundlesOf([file])[0] === LARGEST) as string;
  const builtCode = () => codeIn(path.join(copy, 'dist'));
  const userCode = () => codeIn(path.join(user.env.XDG_CACHE_HOME ?? '', 'airbnb'));

  async function forgetBuiltCode() {
    for (const file of await builtCode()) await rm(file);
  }

  it('is made by the build for its own Node, and then nothing is written', async function () {
    if (process.env.AIRBNB_TEST_NODE) this.skip(); // the build had another one
    expect(bundlesOf(await builtCode())).to.deep.equal([...BUNDLES, 'whole-oclif']);
    await expectWorking(await whoami());
    expect(await userCode()).to.deep.equal([]);
  });

  it('is made by the first run where the build has none for this Node, and used by the next', async () => {
    await forgetBuiltCode();
    await expectWorking(await whoami());
    const made = await userCode();
    expect(bundlesOf(made)).to.deep.equal(BUNDLES);
    const contents = () => Promise.all(made.map((file) => readFile(file, 'base64')));
    const before = await contents();
    await expectWorking(await whoami());
    expect(await userCode()).to.deep.equal(made);
    expect(await contents()).to.deep.equal(before);
  });

  it('is not kept of a run that failed, nor of commands where none ran', async () => {
    await forgetBuiltCode();
    const script = path.join(copy, 'bin', 'run.js');
    await user.run(['whoami', '--nonsense'], { script });
    expect(await userCode()).to.deep.equal([]);
    await user.run(['--version'], { script });
    expect(bundlesOf(await userCode())).to.deep.equal(['cli']);
    await user.run(['__complete', 'zsh', ''], { script });
    expect(bundlesOf(await userCode())).not.to.contain('run-command');
  });

  it('is kept of a login apart from the rest, and is no other command’s', async () => {
    const account = await register(user);
    const login = () =>
      user.run(['--no-input', 'login', '--email', account.email, '--password-stdin', '--json'], {
        script: path.join(copy, 'bin', 'run.js'),
        input: account.password,
      });
    await expectWorking(await whoami()); // Its own is there, whatever Node this is.
    await expectWorking(await login());
    const made = await userCode();
    const ofLogin = made.filter((file) => /-[0-9a-f]{16}-login-v\d/.test(file));
    expect(bundlesOf(ofLogin)).to.deep.equal(['database', 'run-command']);
    const before = await Promise.all(made.map((file) => readFile(file, 'base64')));
    await expectWorking(await login());
    expect(await userCode()).to.deep.equal(made);
    await truncate(ofLogin[1] as string, 50_000);
    await expectWorking(await login());
    await expectWorking(await whoami());
    expect(await userCode()).to.deep.equal(made);
    expect((await readFile(ofLogin[1] as string)).length).to.be.greaterThan(100_000);
    expect(await readFile(ofLogin[0] as string, 'base64')).to.equal(
      before[made.indexOf(ofLogin[0] as string)],
    );
  });

  it('is kept of commands that restore a session apart from the rest, which may come first', async () => {
    await forgetBuiltCode();
    const script = path.join(copy, 'bin', 'run.js');
    expect((await user.run(['local', 'status'], { script })).code).to.equal(0);
    const ofOthers = largestOf(await userCode());
    expect(ofOthers).to.match(/-[0-9a-f]{16}-other-v\d/);
    const before = await readFile(ofOthers, 'base64');
    await expectWorking(await whoami());
    const made = (await userCode()).filter((file) => bundlesOf([file])[0] === LARGEST);
    expect(made).to.have.length(2);
    expect(made).to.include(ofOthers);
    await expectWorking(await whoami());
    expect((await user.run(['local', 'status'], { script })).code).to.equal(0);
    expect(await readFile(ofOthers, 'base64')).to.equal(before);
  });

  it('does no harm where it is cut off, overwritten or empty', async () => {
    await forgetBuiltCode();
    await expectWorking(await whoami());
    const made = largestOf(await userCode());
    const whole = await readFile(made);
    const harms: (() => Promise<void>)[] = [
      () => truncate(made, whole.length / 2),
      () => truncate(made, 3),
      () => writeFile(made, ''),
      // A page that a crash of the machine kept from the disk.
      () =>
        writeFile(
          made,
          Buffer.concat([whole.subarray(0, 40_960), Buffer.alloc(4096), whole.subarray(45_056)]),
        ),
      () => writeFile(made, Buffer.alloc(whole.length)),
    ];
    for (const harm of harms) {
      await harm();
      await expectWorking(await whoami());
      expect((await readFile(made)).length).to.be.greaterThan(100_000);
    }
  });

  it('is told apart by the flags of V8', async () => {
    await forgetBuiltCode();
    await expectWorking(await whoami());
    await expectWorking(await whoami({ NODE_OPTIONS: '--stack-trace-limit=5 --max-old-space-size=300' }));
    expect(await userCode()).to.have.lengthOf(2 * BUNDLES.length);
    await expectWorking(await whoami({ NODE_OPTIONS: '--no-deprecation' }));
  });

  it('is of one build: an upgrade makes its own, and takes the old one away', async () => {
    await forgetBuiltCode();
    await expectWorking(await whoami());
    const before = await userCode();
    const bundle = path.join(copy, 'dist', `${LARGEST}.js`);
    // Of the same length, which is all that V8 looks at.
    const upgraded = (await readFile(bundle, 'latin1')).replace(/^\/\/[0-9a-f]{16}/, '//0123456789abcdef');
    await writeFile(bundle, upgraded, 'latin1');
    await expectWorking(await whoami());
    const after = await userCode();
    expect(bundlesOf(after)).to.deep.equal(BUNDLES);
    expect(largestOf(after)).not.to.equal(largestOf(before));
  });

  it('is not taken from, nor put into, a folder that others may write to', async () => {
    await forgetBuiltCode();
    const { chmod, mkdir } = await import('node:fs/promises');
    const folder = path.join(user.env.XDG_CACHE_HOME ?? '', 'airbnb');
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    await expectWorking(await whoami());
    expect(await userCode()).to.deep.equal([]);
  });

  it('is not needed: no home, a folder that cannot be written, a file in its place', async () => {
    await forgetBuiltCode();
    const token = { AIRBNB_SESSION_FILE: user.sessionFile };
    await expectWorking(await whoami({ ...token, XDG_CACHE_HOME: '/proc/nothing' }));
    await expectWorking(await whoami({ ...token, XDG_CACHE_HOME: path.join(copy, 'package.json') }));
    await expectWorking(await whoami({ ...token, XDG_CACHE_HOME: 'relative' }));
  });

  it('comes whole out of 32 first runs at once', async () => {
    await forgetBuiltCode();
    const results = await Promise.all(Array.from({ length: 32 }, () => whoami()));
    for (const result of results) await expectWorking(result);
    expect(bundlesOf(await userCode())).to.deep.equal(BUNDLES);
    const folder = path.join(user.env.XDG_CACHE_HOME ?? '', 'airbnb');
    expect((await readdir(folder)).length).to.equal(BUNDLES.length);
    await expectWorking(await whoami());
  }).timeout(60_000);

  it('is found through a symbolic link to the program', async () => {
    const link = path.join(home, 'airbnb');
    await symlink(path.join(copy, 'bin', 'run.js'), link);
    await expectWorking(await whoami({}, link));
    if (!process.env.AIRBNB_TEST_NODE) expect(await userCode()).to.deep.equal([]);
  });
});
