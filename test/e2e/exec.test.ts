import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession, tokenFileOf } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

/** Prints as JSON what it was given. */
const ARGUMENTS = [process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--'];
const VARIABLES = [process.execPath, '-p', 'JSON.stringify(process.env)'];
const AIRBNB = [process.execPath, path.resolve(__dirname, '../../bin/run.js')];

describe('airbnb exec', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  beforeEach(() => holdSession(user));
  after(() => user.dispose());

  const isAlive = async (token: string) => {
    const redis = plainClient(engines.redisUrl);
    const found = await redis.exists(`session:${token}`);
    redis.disconnect();
    return found === 1;
  };

  describe('what it runs', () => {
    it('has its stdin, stdout and stderr', async () => {
      const input = 'one\ntwo\n'.repeat(50_000);
      const result = await user.run(['exec', '--', 'sh', '-c', 'echo aside >&2; cat'], { input });
      expect(result).to.include({ code: 0, stdout: input, stderr: 'aside\n' });
    });

    it('gets every word behind the first "--" as it was typed', async () => {
      const words = [
        '--json',
        '--',
        '--help',
        '-h',
        '',
        ' two  words ',
        '$HOME',
        '*',
        '"\'\\',
        'ñ',
        '--revoke-on-exit',
      ];
      const { code, stdout, stderr } = await user.run(['exec', '--', ...ARGUMENTS, ...words]);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).to.deep.equal(words);
    });

    it('gets the token, and else the environment that airbnb was given', async () => {
      const { token } = await readTokenFile(user);
      for (const more of [{}, { DEBUG: 'ioredis:*,oclif*' }, { DEBUG: '' }]) {
        const { stdout, stderr } = await user.run(['exec', '--', ...VARIABLES], { env: more });
        expect(stderr).to.equal('');
        expect(JSON.parse(stdout)).to.deep.equal({ ...user.env, ...more, AIRBNB_TOKEN: token });
      }
    });

    it('does not get what we tell the system about looking up names (skipped where this host has no name for itself)', async function () {
      const found = await lookup(hostname()).catch(() => undefined);
      if (found?.address !== '127.0.0.1') this.skip();
      const { token } = await readTokenFile(user);
      const REDIS_URL = engines.redisUrl.replace('127.0.0.1', hostname());
      const env = { REDIS_URL, AIRBNB_TOKEN: token };
      const { stdout } = await user.run(['exec', '--', ...VARIABLES], { env });
      expect(JSON.parse(stdout)).to.deep.equal({ ...user.env, ...env });
    });

    it('is looked for in PATH, and in the folder where airbnb is run', async () => {
      const script = path.join(user.folders.work, 'say');
      await writeFile(script, '#!/bin/sh\necho said "$@"\n', { mode: 0o755 });
      expect((await user.run(['exec', '--', './say', 'it'])).stdout).to.equal('said it\n');
      const env = { PATH: `${user.folders.work}:${process.env.PATH}` };
      expect((await user.run(['exec', '--', 'say', 'it'], { env })).stdout).to.equal('said it\n');
    });

    it('decides on the exit code', async () => {
      for (const code of [0, 1, 2, 4, 69, 78, 126, 127, 130, 255]) {
        const result = await user.run(['exec', '--', 'sh', '-c', `exit ${code}`]);
        expect(result).to.include({ code, signal: null, stdout: '', stderr: '' });
      }
    });

    it('gives 128 + n where signal n ended it', async () => {
      for (const [signal, code] of Object.entries({ HUP: 129, ABRT: 134, KILL: 137, TERM: 143 })) {
        const result = await user.run(['exec', '--', 'sh', '-c', `kill -${signal} $$`]);
        expect(result, signal).to.include({ code, signal: null, stderr: '' });
      }
    });

    it('gives that too where the signal has no name, as all real-time signals', async function () {
      if (process.platform !== 'linux') this.skip();
      for (const signal of [34, 36, 50, 64]) {
        const result = await user.run(['exec', '--', 'sh', '-c', `kill -${signal} $$; sleep 5`]);
        expect(result, String(signal)).to.include({ code: 128 + signal, signal: null, stderr: '' });
      }
    });

    it('is not shown help of ours', async () => {
      const { stdout } = await user.run(['exec', '--', 'printf', '%s', '--help']);
      expect(stdout).to.equal('--help');
      expect((await user.run(['exec', '--help', '--', 'echo'])).stdout).to.contain(
        'airbnb exec [--revoke-on-exit] --',
      );
    });

    it('has the token in its environment alone, where nobody else sees it', async () => {
      const { token } = await readTokenFile(user);
      const { code, stdout } = await user.run(['exec', '--', 'ps', '-A', '-o', 'args=']);
      expect(code).to.equal(0);
      expect(stdout).to.contain(' exec -- ps -A').and.not.to.contain(token);
    });

    it('runs in the session that is restored first, as by any command', async () => {
      const { token } = await readTokenFile(user);
      const redis = plainClient(engines.redisUrl);
      await redis.expire(`session:${token}`, 20);
      await user.run(['exec', '--', 'true']);
      expect(await redis.ttl(`session:${token}`)).to.be.above(80);
      redis.disconnect();
    });
  });

  describe('airbnb inside of it', () => {
    const whoami = ['exec', '--', ...AIRBNB, 'whoami', '--json'];

    it('has the session of the token file', async () => {
      const { email } = await readTokenFile(user);
      const { code, stdout } = await user.run(whoami);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ email, token_source: 'env', current: true });
    });

    it('has it two deep', async () => {
      const { code, stdout } = await user.run(['exec', '--', ...AIRBNB, ...whoami]);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout).token_source).to.equal('env');
    });

    it('has that of a bare token file, of one that is elsewhere, and of AIRBNB_TOKEN', async () => {
      const { token, wire } = await startSession({ wire: { email: 'other@example.com' } });
      await writeTokenFile(user, `${token}\n`);
      expect(JSON.parse((await user.run(whoami)).stdout).email).to.equal(wire.email);

      const elsewhere = path.join(user.folders.work, 'tokens');
      await mkdir(elsewhere, { mode: 0o700 });
      const file = path.join(elsewhere, 'mine');
      await writeFile(file, JSON.stringify(tokenFileOf({ token, wire })), { mode: 0o600 });
      const env = { AIRBNB_SESSION_FILE: 'tokens/mine' };
      expect(JSON.parse((await user.run(whoami, { env })).stdout).email).to.equal(wire.email);

      expect(JSON.parse((await user.run(whoami, { env: { AIRBNB_TOKEN: token } })).stdout).email).to.equal(
        wire.email,
      );
    });

    it('has it where the settings are in a file', async () => {
      const settings = path.join(user.home, 'settings.env');
      await writeFile(settings, `REDIS_URL=${engines.redisUrl}\n`);
      const env = { AIRBNB_ENV_FILE: settings, REDIS_URL: undefined, DATABASE_URL: undefined };
      const { code, stdout } = await user.run(whoami, { env });
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ engine: 'redis', token_source: 'env' });
    });

    it('has it on the embedded engines', async () => {
      await using local = await newUser({ configured: false });
      const account = await signIn(local);
      const { code, stdout, stderr } = await local.run(whoami);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).to.include({
        engine: 'embedded',
        email: account.email,
        token_source: 'env',
      });
    });
  });

  describe('does not run anything', () => {
    /** Text on stderr, nothing on stdout, and nothing that the command would have done. */
    async function expectRefused(args: string[], code: number, words: RegExp, env: NodeJS.ProcessEnv = {}) {
      const result = await user.run(args, { env });
      expect(result, result.stderr).to.include({ code, stdout: '' });
      expect(result.stderr).to.match(words);
      expect(result.stderr.trimEnd().split('\n')).to.have.length(2);
      expect(existsSync(path.join(user.folders.work, 'ran'))).to.equal(false);
    }
    const touch = ['--', 'touch', 'ran'];

    it('without a session', async () => {
      await user.run(['logout']);
      await expectRefused(['exec', ...touch], 4, /^Error: You are not signed in/);
      await expectRefused(['exec', ...touch], 4, /^Error: Your session has expired/, {
        AIRBNB_TOKEN: 'A'.repeat(43),
      });
    });

    it('with --json, which it has no use for', async () => {
      const refused = await user.run(['exec', '--json', ...touch]);
      expect(jsonFailure(refused)).to.include({ code: 2, reason: 'json_refused', flag: '--json' });
      expect(existsSync(path.join(user.folders.work, 'ran'))).to.equal(false);
    });

    it('that is not behind "--"', async () => {
      const noCommand = /^Error: There is no command to run\.\n.*airbnb exec -- /;
      await expectRefused(['exec'], 2, noCommand);
      await expectRefused(['exec', '--'], 2, noCommand);
      await expectRefused(['exec', 'touch', 'ran'], 2, noCommand);
      await expectRefused(['exec', 'touch', '-c', 'ran'], 2, noCommand);
      await expectRefused(['exec', '--revoke-on-exit'], 2, noCommand);
      await expectRefused(['exec', 'touch', ...touch], 2, noCommand);
    });

    it('that would be given another word than was typed, as it is not UTF-8', async function () {
      if (process.platform !== 'linux') this.skip();
      const within = (bytes: string) =>
        user.runShell(`airbnb exec -- printf '%s\\n' ran "$(printf '${bytes}')"`);
      const refused = await within('caf\\351');
      expect(refused, refused.stderr).to.include({ code: 2, stdout: '' });
      expect(refused.stderr).to.match(
        /^Error: A word behind "--" is not UTF-8 .*\n.*airbnb exec -- sh SCRIPT\n$/,
      );
      // What Node puts in its place can be typed as well.
      expect(await within('\\357\\277\\275')).to.include({ code: 0, stdout: 'ran\n\ufffd\n' });
    });

    it('with a flag that does not exist', async () => {
      await expectRefused(['exec', '--nonsense', ...touch], 2, /^Error: There is no flag --nonsense here/);
    });

    it('where Redis cannot be reached, or the configuration is bad', async () => {
      const { token } = await readTokenFile(user);
      const away = { REDIS_URL: 'redis://127.0.0.1:1', AIRBNB_TOKEN: token };
      await expectRefused(['exec', ...touch], 69, /^Error: Redis cannot be reached/, away);
      await expectRefused(['exec', ...touch], 78, /^Error: The value of AIRBNB_SESSION_TTL/, {
        AIRBNB_SESSION_TTL: 'long',
      });
    });

    it('in a session of a stand-in, whose token only this machine could use', async () => {
      const account = await register(user);
      await using alone = await newUser({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
      await signIn(alone, account);
      const result = await alone.run(['exec', ...touch]);
      expect(result, result.stderr).to.include({ code: 69, stdout: '' });
      expect(result.stderr).to.contain('Your session is on this machine while Redis is away');
      expect(existsSync(path.join(alone.folders.work, 'ran'))).to.equal(false);
    });

    it('that does not exist, with 127', async () => {
      const { token } = await readTokenFile(user);
      await expectRefused(
        ['exec', '--', 'no-such-command', 'ran'],
        127,
        /^Error: no-such-command was not found/,
      );
      await expectRefused(['exec', '--', './no-such-file'], 127, /was not found/);
      await expectRefused(['exec', '--', ''], 127, /^Error: '' was not found/);
      const secret = await user.run(['exec', '--', token]);
      expect(secret.code).to.equal(127);
      expect(secret.stderr).not.to.contain(token);
    });

    it('that cannot be executed, with 126', async () => {
      const script = path.join(user.folders.work, 'script');
      await writeFile(script, '#!/bin/sh\ntouch ran\n', { mode: 0o644 });
      await expectRefused(
        ['exec', '--', './script'],
        126,
        /^Error: \.\/script cannot be executed \(EACCES\)/,
      );
      await expectRefused(['exec', '--', user.folders.work], 126, /cannot be executed/);
      await writeFile(script, '#!/no/such/shell\ntouch ran\n');
      await chmod(script, 0o755);
      await expectRefused(['exec', '--', './script'], 126, /cannot be executed \(ENOENT\)/);
    });
  });

  describe('with --revoke-on-exit', () => {
    const quit = (script: string) => ['exec', '--revoke-on-exit', '--', 'sh', '-c', script];

    it('signs out when the command has ended, and not before', async () => {
      const { token } = await readTokenFile(user);
      const within = `exec '${AIRBNB.join("' '")}' sessions check`;
      const { code, stderr } = await user.run(quit(within));
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(await isAlive(token)).to.equal(false);
      expect(existsSync(user.sessionFile)).to.equal(false);
      const later = await user.run(['whoami', '--json'], { env: { AIRBNB_TOKEN: token } });
      expect(later.json().error.reason).to.equal('revoked');
    });

    it('signs out whatever became of the command, and keeps its exit code', async () => {
      for (const [script, code] of [
        ['exit 7', 7],
        ['kill -TERM $$', 143],
        ['exec /no/such/command', 127],
      ] as const) {
        const { token } = await holdSession(user);
        expect((await user.run(quit(script))).code, script).to.equal(code);
        expect(await isAlive(token), script).to.equal(false);
        expect(existsSync(user.sessionFile)).to.equal(false);
      }
      const { token } = await holdSession(user);
      expect((await user.run(['exec', '--revoke-on-exit', '--', './missing'])).code).to.equal(127);
      expect(await isAlive(token)).to.equal(false);
    });

    it('signs out where airbnb is terminated', async () => {
      const { token } = await readTokenFile(user);
      const running = user.start(quit('echo ready; exec sleep 30'));
      running.child.stdout?.once('data', () => running.child.kill('SIGTERM'));
      expect(await running.result).to.include({ code: 143, signal: null, stderr: '' });
      expect(await isAlive(token)).to.equal(false);
      expect(existsSync(user.sessionFile)).to.equal(false);
    });

    it('leaves the file of a login that happened meanwhile', async () => {
      const { token } = await readTokenFile(user);
      const account = await register(user, newAccount());
      const login = `printf '%s' '${account.password}' | '${AIRBNB.join("' '")}' login --email '${account.email}' --password-stdin`;
      expect((await user.run(quit(login))).code).to.equal(0);
      expect(await isAlive(token)).to.equal(false);
      expect((await user.run(['whoami', '--json'])).json().email).to.equal(account.email);
    });

    it('ends the session of AIRBNB_TOKEN, and leaves the file of another', async () => {
      const file = await readFile(user.sessionFile, 'utf8');
      const given = await startSession();
      expect((await user.run(quit('true'), { env: { AIRBNB_TOKEN: given.token } })).code).to.equal(0);
      expect(await isAlive(given.token)).to.equal(false);
      expect(await readFile(user.sessionFile, 'utf8')).to.equal(file);
      expect((await user.run(['whoami'])).code).to.equal(0);
    });

    it('warns where Redis is away by then, says when the session ends, and keeps the file and the exit code', async () => {
      const own = await engines.ownRedis();
      try {
        const { token } = await holdSession(user, { url: own.url });
        const running = user.start(quit('echo ready; read line; exit 9'), { env: { REDIS_URL: own.url } });
        running.child.stdout?.once('data', async () => {
          await own.dispose();
          running.child.stdin?.end('\n');
        });
        const { code, stderr } = await running.result;
        expect(code).to.equal(9);
        expect(stderr).to.match(
          /^Warning: Redis cannot be reached .*was not ended: it ends by itself in (8\d|90) s\.\n$/,
        );
        expect((await readTokenFile(user)).token).to.equal(token);
      } finally {
        await own.dispose();
      }
    });
  });

  describe('at a terminal', () => {
    it('asks to sign in again where the session is gone, and hands the terminal to the command then', async () => {
      const account = await register(user);
      await signIn(user, account);
      const { token } = await readTokenFile(user);
      const redis = plainClient(engines.redisUrl);
      await redis.del(`session:${token}`);
      redis.disconnect();
      const terminal = user.terminal([
        'exec',
        '--',
        'sh',
        '-c',
        'echo "Name?"; read name; echo "Hello $name"; exit 3',
      ]);
      await terminal.expect(/Password:/);
      terminal.answer(account.password);
      await terminal.expect(/Signed in as/);
      await terminal.expect(/Name\?/);
      terminal.answer('Bob');
      await terminal.expect(/Hello Bob/);
      expect((await terminal.exit()).code).to.equal(3);
    });
  });
});
