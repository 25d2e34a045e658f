import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { type Account, register } from '../support/accounts.ts';
import { newUser, type Result, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { startProxy } from '../support/flight-proxy.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';

const isRoot = process.getuid?.() === 0;

describe('where files cannot be written', () => {
  let account: Account;
  let userId: number;
  let user: User;
  before(async () => {
    await using somebody = await newUser();
    account = await register(somebody);
    const signedIn = await login(somebody);
    userId = signedIn.json().user_id;
    await somebody.run(['logout']);
  });
  beforeEach(async () => {
    user = await newUser();
  });
  afterEach(() => user.dispose());

  const login = (whose: User, options: RunOptions = {}) =>
    whose.run(['login', '--email', account.email, '--password-stdin', '--json'], {
      input: account.password,
      ...options,
    });

  /** How many sessions of the account live: a login that failed has to leave none behind. */
  async function alive(): Promise<number> {
    const redis = plainClient(engines.redisUrl);
    try {
      const tokens = await redis.smembers(`user:${userId}:sessions`);
      const living = await Promise.all(tokens.map((token) => redis.exists(`session:${token}`)));
      return living.filter((each) => each === 1).length;
    } finally {
      redis.disconnect();
    }
  }

  describe('as there is no home folder', () => {
    for (const [what, HOME] of [
      ['an empty HOME', ''],
      ['a relative one', 'home'],
    ] as const) {
      it(`${what}: every command says so with 78, help and the version apart`, async () => {
        const env = { HOME };
        for (const args of [['whoami'], ['logout'], ['sessions', 'list'], ['local', 'status'], ['doctor']]) {
          const refused = await user.run([...args, '--json'], { env });
          expect(refused.code, args.join(' ')).to.equal(78);
          expect(refused.stdout, args.join(' ')).to.include('"reason": "home_missing"');
        }
        expect(jsonFailure(await login(user, { env }))).to.include({ code: 78, reason: 'home_missing' });
        for (const args of [['--help'], ['whoami', '--help'], ['--version']]) {
          expect(await user.run(args, { env }), args.join(' ')).to.include({ code: 0, stderr: '' });
        }
      });
    }

    it('one that is not there is made by a login', async () => {
      const env = { HOME: path.join(user.home, 'not', 'there') };
      expect(jsonFailure(await user.run(['whoami', '--json'], { env })).reason).to.equal('never');
      expect((await login(user, { env })).code).to.equal(0);
      expect((await user.run(['whoami'], { env })).code).to.equal(0);
      expect((await user.run(['logout'], { env })).code).to.equal(0);
    });

    for (const HOME of ['/dev/null', '/proc/none']) {
      it(`one that cannot be there (${HOME}): not signed in, and a login leaves no session behind`, async () => {
        const env = { HOME };
        expect(jsonFailure(await user.run(['whoami', '--json'], { env })).reason).to.equal('never');
        expect((await user.run(['logout', '--json'], { env })).json()).to.deep.equal({ ended: 0 });
        const failed = jsonFailure(await login(user, { env }));
        expect(failed).to.include({ code: 1, reason: 'token_file_unwritable' });
        expect(failed.message).to.include(path.join(HOME, '.airbnb', 'session'));
        expect(await alive()).to.equal(0);
      });
    }

    it('a job with AIRBNB_TOKEN does not need to write there', async () => {
      const { token } = await holdSession(user);
      const env = { HOME: '/proc/none', AIRBNB_TOKEN: token };
      expect((await user.run(['whoami'], { env })).code).to.equal(0);
    });
  });

  describe('as it is read-only', () => {
    it('nobody is signed in, a session that is there goes on, and a login leaves none behind', async function () {
      const readOnly = makeReadOnly(user.home);
      if (!readOnly) return this.skip(); // No right to mount, and root may write everywhere else.
      try {
        expect(jsonFailure(await user.run(['whoami', '--json'])).reason).to.equal('never');
        const failed = jsonFailure(await login(user));
        expect(failed).to.include({ code: 1, reason: 'token_file_unwritable' });
        expect(failed.hint).to.include('AIRBNB_SESSION_FILE');
        expect(await alive()).to.equal(0);
      } finally {
        readOnly.undo();
      }
    });

    it('the session of before goes on, and its file is kept when it is ended', async function () {
      const { token } = await holdSession(user);
      const before = readFileSync(user.sessionFile, 'utf8');
      const readOnly = makeReadOnly(path.dirname(user.sessionFile), before);
      if (!readOnly) return this.skip();
      try {
        expect((await user.run(['whoami'])).code).to.equal(0);
        const failed = jsonFailure(await user.run(['logout', '--json']));
        expect(failed).to.include({ code: 1, reason: 'token_file_unwritable' });
        expect(readFileSync(user.sessionFile, 'utf8')).to.equal(before);
        // The session was ended first: what is left in the file is of no use to anybody.
        const redis = plainClient(engines.redisUrl);
        expect(await redis.exists(`session:${token}`)).to.equal(0);
        redis.disconnect();
      } finally {
        readOnly.undo();
      }
    });
  });

  describe('as the disk is full', () => {
    /** With room for not one byte in any file, which the kernel says without killing us. */
    const fullDisk = (args: string, input: string) => user.runShell(`ulimit -f 0; airbnb ${args}`, { input });

    it('a login leaves no session behind, and the file of before is kept', async () => {
      await holdSession(user);
      const before = readFileSync(user.sessionFile);
      const failed = jsonFailure(
        await fullDisk(`login --email ${account.email} --password-stdin --json`, account.password),
      );
      expect(failed).to.include({ code: 1, reason: 'token_file_unwritable' });
      expect(failed.message).to.include('EFBIG');
      expect(readFileSync(user.sessionFile)).to.deep.equal(before);
      expect(readdirSync(path.dirname(user.sessionFile))).to.deep.equal(['session']);
      expect(await alive()).to.equal(0);
      // And it still works.
      expect((await user.run(['whoami'])).code).to.equal(0);
    });

    it('commands that write no file work', async () => {
      await holdSession(user);
      expect((await fullDisk('whoami', '')).code).to.equal(0);
      expect((await fullDisk('sessions list', '')).code).to.equal(0);
      expect((await fullDisk('logout', '')).code).to.equal(0);
    });

    it('embedded engines say that they cannot start', async () => {
      await using bare = await newUser({ configured: false });
      const failed = await bare.runShell(
        'ulimit -f 0; airbnb register --email a@b.co --nombre A --password-stdin --json',
        {
          input: 'a-long-password\n',
        },
      );
      expect(jsonFailure(failed)).to.include({ code: 1, reason: 'local_engine_failed' });
    });
  });

  describe('and Redis is away, so that a stand-in would be needed', () => {
    const expectAway = (result: Result) => {
      const failed = jsonFailure(result);
      expect(failed).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
      expect(failed.message).to.match(
        /\(ECONNREFUSED\), and its stand-in .* did not start \(E[A-Z]+(: \S+)?\)\.$/,
      );
      expect(failed.hint)
        .to.include('REDIS_URL')
        .and.not.to.match(/airbnb login|\.log|stand-in/);
      expect(result.stderr).not.to.include('Warning');
    };
    const env = () => ({
      REDIS_URL: 'redis://127.0.0.1:1',
      AIRBNB_SESSION_FILE: path.join(user.folders.work, 'session'),
    });

    it('a login is 69, as Redis may come back, and says why there is none: no folder for it', async () => {
      expectAway(await login(user, { env: { ...env(), HOME: '/proc/none', XDG_DATA_HOME: undefined } }));
    });

    it('a login is 69, as Redis may come back, and says why there is none: a full disk', async () => {
      const args = `login --email ${account.email} --password-stdin --json`;
      expectAway(await user.runShell(`ulimit -f 0; airbnb ${args}`, { input: account.password, env: env() }));
    });
  });

  it('says so where the session could not be ended either, as Redis refuses that by now', async () => {
    const proxy = await startProxy(engines.redisUrl);
    try {
      proxy.answer('SREM', '-READONLY You cannot write against a read only replica.');
      const env = { REDIS_URL: proxy.url, AIRBNB_SESSION_FILE: '/proc/self/session' };
      const failed = jsonFailure(await login(user, { env }));
      expect(failed).to.include({ code: 1, reason: 'token_file_unwritable' });
      expect(failed.message).to.include('ends by its lifetime');
    } finally {
      await proxy.close();
    }
  });
});

/** Makes a folder read-only, even for root; `content` is what its token file holds. */
function makeReadOnly(folder: string, content?: string): { undo(): void } | undefined {
  if (!isRoot) {
    chmodSync(folder, 0o500);
    return { undo: () => chmodSync(folder, 0o700) };
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'none', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const undo = () => execFileSync('umount', [folder]);
  try {
    if (content !== undefined) {
      writeFileSync(path.join(folder, 'session'), content, { mode: 0o600 });
    }
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    return { undo };
  } catch (error) {
    undo();
    throw error;
  }
}
