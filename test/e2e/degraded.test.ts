import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { expect } from 'chai';
import { type Account, register, signIn } from '../support/accounts.ts';
import { makeCertificates } from '../support/certificates.ts';
import { newUser, type Result, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { FlightProxy } from '../support/flight-proxy.ts';
import { FullBacklog } from '../support/full-backlog.ts';
import { startSession, tokenFileOf } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { processesOf } from '../support/leftovers.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

/** Milliseconds that a command takes at most beyond what it takes on a Redis that works, whatever is wrong with it. */
const LIMIT = 2_000;

const STAND_IN = /^embedded:[0-9a-f]{8}:[0-9a-f]{16}$/;

describe('while Redis cannot be reached', function () {
  this.timeout(60_000);

  let user: User;
  let account: Account;
  let proxy: FlightProxy;
  /** Milliseconds of each command on a Redis that works. */
  const healthy = { login: 0, whoami: 0 };
  before(async () => {
    proxy = new FlightProxy(engines.redisUrl);
    await proxy.open();
    user = await newUser({ env: { REDIS_URL: proxy.url } });
    account = await register(user);
    await login(); // what only a first run does
    healthy.login = (await timed(() => login())).took;
    healthy.whoami = (await timed(() => whoami())).took;
  });
  afterEach(async () => {
    await proxy.reset();
  });
  after(async () => {
    await proxy?.close();
    await user?.dispose();
  });

  const login = (options: RunOptions = {}, flags: string[] = ['--json'], who = user) =>
    who.run(['login', '--email', account.email, '--password-stdin', ...flags], {
      input: account.password,
      ...options,
    });
  const whoami = (options: RunOptions = {}) => user.run(['whoami', '--json'], options);
  const standIns = async () => (await user.run(['local', 'status', '--json'])).json().stand_ins;

  interface Fault {
    readonly name: string;
    readonly begin: () => unknown;
    /** The URL of a Redis with this fault, if that is not the proxy. */
    readonly url?: () => string;
    readonly end?: () => void;
  }
  let backlog: FullBacklog;
  const faults: Fault[] = [
    { name: 'connections are refused', begin: () => proxy.refuse() },
    {
      name: 'connections are not answered at all',
      begin: async () => {
        backlog = await FullBacklog.open();
      },
      url: () => `redis://127.0.0.1:${backlog.port}`,
      end: () => backlog.close(),
    },
    { name: 'it accepts and never says a word', begin: () => proxy.blackhole() },
    { name: 'it answers too late', begin: () => proxy.delay(5_000) },
    { name: 'each connection is reset', begin: () => proxy.cutAfterCommands(0) },
    {
      name: 'each connection is closed in the midst of a reply',
      begin: () => proxy.cutAfterReplyBytes(3, { ending: 'close' }),
    },
    { name: 'its name does not exist', begin: () => {}, url: () => 'redis://no-such-host.invalid:6379' },
    {
      name: 'it is loading',
      begin: () => {
        // As a server does: what is about no key is answered.
        for (const name of ['EXISTS', 'EVAL', 'GET', 'SADD', 'SET', 'SISMEMBER', 'TTL']) {
          proxy.answer(name, '-LOADING Redis is loading the dataset in memory');
        }
      },
    },
  ];

  for (const { name, begin, url = () => proxy.url, end } of faults) {
    it(`as ${name}, a login starts a session on this machine, and commands work on it, in time`, async () => {
      await begin();
      const env = { REDIS_URL: url() };
      try {
        await user.run(['local', 'stop']);
        const first = await timed(() => login({ env })); // starts the stand-in
        expect(first.took - healthy.login, 'the first login').to.be.below(LIMIT);
        const again = await timed(() => login({ env }));
        expect(again.took - healthy.login, 'login').to.be.below(LIMIT);
        const restored = await timed(() => whoami({ env }));
        expect(restored.took - healthy.whoami, 'whoami').to.be.below(LIMIT);
        for (const { result } of [first, again, restored]) {
          expect(result.code, result.stdout + result.stderr).to.equal(0);
          expect(result.json()).to.include({ email: account.email, engine: 'embedded', degraded: true });
          expect(result.json().server).to.match(STAND_IN);
          expect(result.stderr).to.match(/^Warning: Redis cannot be reached.*this machine only.*\n$/);
        }
        // What Redis issued cannot be checked, and is kept.
        const issued = tokenFileOf(await startSession(), env.REDIS_URL);
        await writeTokenFile(user, issued);
        const unknown = await timed(() => whoami({ env }));
        expect(unknown.took - healthy.whoami, 'with the token of Redis').to.be.below(LIMIT);
        expect(jsonFailure(unknown.result)).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
        expect(await readTokenFile(user)).to.deep.equal(issued);
      } finally {
        end?.();
      }
    });
  }

  it('goes from Redis to this machine and back', async () => {
    await signIn(user, account);
    const issued = await readFile(user.sessionFile, 'utf8');
    await proxy.refuse();

    // The token of Redis is not shown to the stand-in.
    const unknown = await user.run(['whoami']);
    expect(unknown).to.include({ code: 69, stdout: '' });
    expect(unknown.stderr).to.contain('good again when it is back').and.to.contain('airbnb login');
    expect(jsonFailure(await user.run(['logout', '--json'])).reason).to.equal('unreachable');
    expect(await readFile(user.sessionFile, 'utf8')).to.equal(issued);

    // A login replaces it.
    const text = await login({}, []);
    expect(text.code).to.equal(0);
    expect(text.stderr.trim().split('\n')).to.have.length(1);
    expect(text.stderr)
      .to.contain('no other machine')
      .and.to.contain('sign in again')
      .and.to.contain('--strict');
    const other = (await login()).json();
    const list = (await user.run(['sessions', 'list', '--json'])).json();
    expect(list.sessions.map(({ id }: { id: string }) => id)).to.include(other.id);
    const ids = list.sessions
      .filter(({ current }: { current: boolean }) => !current)
      .map(({ id }: never) => id);
    expect((await user.run(['sessions', 'revoke', ids[0], '--json'])).json()).to.deep.equal({ ended: 1 });
    expect((await user.run(['sessions', 'revoke-all', '--except-current', '--yes'])).code).to.equal(0);
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    const { password } = account;
    const changed = await user.run(['password', '--password-stdin'], {
      input: `${password}\n${password}-2\n`,
    });
    expect(changed.code, changed.stderr).to.equal(0);
    account = { ...account, password: `${password}-2` };
    const shown = await user.run(['whoami']);
    expect(shown.code).to.equal(0);
    expect(shown.stdout).to.contain('in the place of Redis');

    // Redis is back, and says nothing of a session that it does not know: it is not asked.
    await proxy.reset();
    for (const args of [['whoami'], ['sessions', 'list'], ['logout']]) {
      const back = await user.run([...args, '--json']);
      expect(jsonFailure(back), args.join(' ')).to.include({ code: 4, reason: 'other_server' });
      expect(back.stderr).to.equal('');
    }
    const told = await user.run(['whoami']);
    expect(told.stderr).to.contain('is back').and.to.contain('airbnb login');
    const { token } = await readTokenFile(user);
    expect(JSON.stringify(proxy.commands)).not.to.contain(token);
    expect((await login()).json()).to.include({ engine: 'redis', degraded: false });
    expect(await whoami()).to.include({ code: 0, stderr: '' });

    // The session on this machine has ended with that login.
    const { server } = await readTokenFile(user);
    expect(server).to.equal(`${proxy.url}/0`);
    await proxy.refuse();
    await login();
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
  });

  it('asks a person at a terminal to sign in again when it is back, and goes on', async () => {
    await proxy.refuse();
    await login();
    await proxy.reset();
    const terminal = user.terminal(['whoami']);
    await terminal.expect(/is back.*Sign in again to go on/s);
    await terminal.expect(/Password:/);
    terminal.answer(account.password);
    await terminal.expect(/\(Redis\)/);
    expect((await terminal.exit()).code).to.equal(0);
  });

  it('says "expired" of a session whose stand-in has ended, and starts nothing for it', async () => {
    await proxy.refuse();
    await login();
    expect((await user.run(['local', 'stop', '--json'])).json()).to.deep.equal({ stopped: true });
    expect(jsonFailure(await whoami())).to.include({ code: 4, reason: 'expired' });
    await login({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    const file = await readTokenFile(user);
    await user.run(['local', 'reset', '--yes']);
    await login({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    await writeTokenFile(user, file);
    const other = await whoami({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(jsonFailure(other)).to.include({ code: 4, reason: 'expired' });
    await user.run(['local', 'stop']);
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
  });

  it('has a stand-in for each server, apart from the others and from the embedded engines', async () => {
    const urls = ['redis://127.0.0.1:1', 'redis://127.0.0.1:2', 'redis://127.0.0.1:2/3'];
    const files = [];
    for (const REDIS_URL of urls) {
      expect((await login({ env: { REDIS_URL } })).code).to.equal(0);
      files.push(await readTokenFile(user));
    }
    const shown = await standIns();
    expect(shown.map(({ server }: { server: string }) => server)).to.have.members([
      'redis://127.0.0.1:1/0',
      'redis://127.0.0.1:2/0',
      'redis://127.0.0.1:2/3',
    ]);
    expect(new Set(shown.map(({ pid }: { pid: number }) => pid)).size).to.equal(3);
    const text = (await user.run(['local', 'status'])).stdout;
    expect(text).to.contain('engines are not running').and.to.contain('redis://127.0.0.1:2/3');
    await writeTokenFile(user, files[0] as object);
    for (const REDIS_URL of [urls[1], urls[2]]) {
      expect(jsonFailure(await whoami({ env: { REDIS_URL } }))).to.include({
        code: 4,
        reason: 'other_server',
      });
    }
    const unconfigured = await whoami({ env: { REDIS_URL: undefined } });
    expect(jsonFailure(unconfigured)).to.include({ code: 4, reason: 'other_server' });
    expect((await whoami({ env: { REDIS_URL: urls[0] } })).code).to.equal(0);
    expect((await user.run(['local', 'stop'])).code).to.equal(0);
    expect(await standIns()).to.deep.equal([]);
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
  });

  it('shows neither AIRBNB_TOKEN nor a bare token to a stand-in', async () => {
    await proxy.refuse();
    await login();
    const { token } = await readTokenFile(user);
    expect(jsonFailure(await whoami({ env: { AIRBNB_TOKEN: token } })).reason).to.equal('unreachable');
    await writeTokenFile(user, `${token}\n`);
    expect(jsonFailure(await whoami()).reason).to.equal('unreachable');
  });

  it('is announced once a session has started, and not where none has', async () => {
    await proxy.refuse();
    const announced = /memory/;
    const signIn = (email: string, password: string, env = {}) =>
      user.run(['login', '--email', email, '--password-stdin'], { input: password, env });
    const stranger = `stranger-${Date.now()}@example.com`;
    const seen: (number | null)[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      const refused = await signIn(stranger, 'none of the passwords');
      seen.push(refused.code);
      expect(refused.stderr).not.to.match(announced);
    }
    expect(seen).to.deep.equal([4, 4, 4, 4, 4, 75]);
    const { email, password } = account;
    const withoutAccounts = await signIn(email, password, {
      DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d',
    });
    expect(withoutAccounts.code).to.equal(69);
    expect(withoutAccounts.stderr).not.to.match(announced);

    const terminal = user.terminal(['login', '--email', email]);
    await terminal.expect(/Password:/);
    terminal.answer('not the password');
    await terminal.expect(/trying to sign in on this machine only/);
    const { code, text } = await terminal.exit();
    expect(code).to.equal(4);
    expect(text).not.to.match(announced);
    expect((await signIn(email, password)).stderr).to.match(announced);
  });

  it('is 69 in strict mode, and where a token is to leave this machine', async () => {
    await proxy.refuse();
    await login();
    const held = await readFile(user.sessionFile, 'utf8');
    await user.run(['local', 'stop']);
    const unreachable = { code: 69, reason: 'unreachable', engine: 'redis' };
    const env = { AIRBNB_STRICT: '1' };
    for (const result of [
      await login({ env }),
      await login({}, ['--strict', '--json']),
      await whoami({ env }),
      await user.run(['whoami', '--strict', '--json']),
    ]) {
      expect(jsonFailure(result)).to.include(unreachable);
      expect(jsonFailure(result).hint).not.to.contain('airbnb login');
    }
    expect((await login({}, ['--token-only'])).code).to.equal(69);
    expect(await readFile(user.sessionFile, 'utf8')).to.equal(held);
    proxy.blackhole();
    await proxy.open();
    const slow = await timed(() => login({ env }));
    expect(slow.took - healthy.login).to.be.below(LIMIT);
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
  });

  it('is 69 for a cluster and for sentinels', async () => {
    for (const env of [
      { REDIS_CLUSTER: '127.0.0.1:1,127.0.0.1:2' },
      { REDIS_SENTINELS: '127.0.0.1:1', REDIS_MASTER_NAME: 'main' },
    ]) {
      const failed = await login({ env: { REDIS_URL: undefined, ...env } });
      expect(jsonFailure(failed)).to.include({ code: 69, reason: 'unreachable' });
      expect(jsonFailure(failed).hint).not.to.contain('airbnb login');
    }
    expect(await standIns()).to.deep.equal([]);
  });

  it('is never said of a Redis that refuses the work or does not accept us', async () => {
    await proxy.refuse();
    await login();
    const degraded = await readTokenFile(user);
    await proxy.reset();
    const replies: [string, string, number, string][] = [
      ['SET', '-OOM command not allowed', 69, 'refusing_work'],
      ['EXISTS', '-MASTERDOWN Link with MASTER is down', 69, 'refusing_work'],
      ['SADD', '-READONLY You can not write', 69, 'refusing_work'],
      ['SET', '-MISCONF Errors writing', 69, 'refusing_work'],
      ['EXISTS', '-NOAUTH Authentication required.', 78, 'misconfigured'],
      ['EXISTS', '-NOPERM no permissions', 78, 'misconfigured'],
      ['EXISTS', '-MOVED 1 127.0.0.1:1', 78, 'misconfigured'],
      ['EXISTS', 'HTTP/1.1 400 Bad Request', 78, 'misconfigured'],
    ];
    for (const [command, reply, code, reason] of replies) {
      await proxy.reset();
      proxy.answer(command, reply);
      expect(jsonFailure(await login()), reply).to.include({ code, reason });
      const seen = command === 'EXISTS' ? { code, reason } : { code: 4, reason: 'other_server' };
      await writeTokenFile(user, degraded);
      expect(jsonFailure(await whoami()), reply).to.include(seen);
    }
    await proxy.reset();
  });

  it('is never said of a wrong password for Redis', async () => {
    const own = await engines.ownRedis({ password: 'open-sesame' });
    try {
      const REDIS_URL = own.url.replace('redis://', 'redis://:wrong@');
      const refused = await login({ env: { REDIS_URL } });
      expect(jsonFailure(refused)).to.include({ code: 78, reason: 'misconfigured' });
    } finally {
      await own.dispose();
    }
  });

  it('is never said of a certificate that is not trusted', async () => {
    makeCertificates(user.folders.work);
    const pem = (name: string) => readFileSync(join(user.folders.work, name));
    const server = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const REDIS_URL = `rediss://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(jsonFailure(await login({ env: { REDIS_URL } }))).to.include({
        code: 78,
        reason: 'misconfigured',
      });
    } finally {
      server.close();
    }
  });

  it('may come from TLS on one side alone, which whoever looks for the reason is told', async () => {
    const hintOf = async (REDIS_URL: string) => {
      const checked = (await user.run(['doctor', '--json'], { env: { REDIS_URL } })).json();
      return checked.checks.find(({ name }: { name: string }) => name === 'redis').error.hint;
    };
    makeCertificates(user.folders.work);
    const pem = (name: string) => readFileSync(join(user.folders.work, name));
    const server = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      expect(await hintOf(`redis://127.0.0.1:${port}`)).to.contain('If this port speaks TLS');
    } finally {
      server.close();
    }
    expect(await hintOf(proxy.url.replace('redis://', 'rediss://'))).to.contain('asks for TLS');
    await proxy.refuse();
    expect(await hintOf(proxy.url)).not.to.contain('TLS');
  });

  it('changes nothing for what has to reach the sessions of all machines', async () => {
    await proxy.refuse();
    const args = ['db', 'set-password', '--email', account.email, '--password-stdin', '--json'];
    const failed = await user.run(args, { input: 'quite another password' });
    expect(jsonFailure(failed)).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
    expect((await login()).code).to.equal(0);
  });

  it('does not make up for PostgreSQL: 69, and a session on this machine still works', async () => {
    await proxy.refuse();
    await login();
    const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' };
    expect(jsonFailure(await login({ env }))).to.include({
      code: 69,
      reason: 'unreachable',
      engine: 'postgres',
    });
    expect((await whoami({ env })).json()).to.include({ degraded: true });
  });

  it('is found by doctor, which starts nothing', async () => {
    await proxy.refuse();
    await user.run(['local', 'stop']);
    const redisOf = (result: Result) =>
      result.json().checks.find(({ name }: { name: string }) => name === 'redis');
    const before = await user.run(['doctor', '--json']);
    expect(before.code).to.equal(69);
    expect(redisOf(before).error).to.include({ reason: 'unreachable' });
    expect(redisOf(before).error.hint).to.contain('airbnb login');
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
    await login();
    const during = await user.run(['doctor', '--json']);
    expect(redisOf(during).error.hint).to.contain('stand-in on this machine');
    const file = during.json().checks.find(({ name }: { name: string }) => name === 'token_file');
    expect(file.facts).to.include({ signed_in: true, degraded: true, session: 'live' });
    await proxy.open();
    const back = await user.run(['doctor', '--json']);
    expect(back.code, back.stdout).to.equal(0);
    const warned = back.json().checks.find(({ name }: { name: string }) => name === 'token_file');
    expect(warned).to.deep.include({ name: 'token_file', status: 'warning' });
    expect(warned.facts).to.include({ signed_in: false, session: 'other_server' });
    expect(warned.warnings[0].message).to.contain('is back');
  });

  it('is seen by sessions check, which slides and starts nothing', async () => {
    await proxy.refuse();
    await login();
    const checked = await user.run(['sessions', 'check', '--json']);
    expect(checked.code, checked.stdout + checked.stderr).to.equal(0);
    await user.run(['local', 'stop']);
    expect(jsonFailure(await user.run(['sessions', 'check', '--json'])).reason).to.equal('expired');
    expect(await processesOf(user.folders.root)).to.deep.equal([]);
  });

  it('starts no PostgreSQL for a stand-in', async () => {
    await proxy.refuse();
    await login();
    const [standIn] = await standIns();
    const record = JSON.parse(await readFile(`${standIn.folder}/host.json`, 'utf8'));
    expect(record.postgres).to.equal('off');
  });
});

async function timed(action: () => Promise<Result>): Promise<{ took: number; result: Result }> {
  const begin = performance.now();
  const result = await action();
  return { took: performance.now() - begin, result };
}
