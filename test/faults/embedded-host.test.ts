import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, newAccount, signIn } from '../support/accounts.ts';
import { newUser, type Result, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { processesOf } from '../support/leftovers.ts';
import { isFullRun } from '../support/redis-servers-suite.ts';
import { readTokenFile } from '../support/token-file.ts';
import { until } from '../support/until.ts';
import { SmallDisk } from './support/small-disk.ts';

/** At how many moments of a command the host is killed. */
const MOMENTS = isFullRun ? 12 : 2;

const PATIENCE_MS = 60_000;

/** What four commands at once may take beyond what one waits for, on a machine that is busy. */
const BUSY_MS = 4_000;

/** They are the same whatever the suite's own engines are: once is enough. */
const isElsewhere = engines.kind === 'servers';

describe(`the process of the embedded engines${isElsewhere ? ' (part of the run on the embedded engines)' : ''}`, function () {
  this.timeout(10 * 60_000);
  let user: User;
  let account: Account;
  before(async function () {
    if (isElsewhere) this.skip();
    user = await newUser({ configured: false });
    account = await signIn(user);
  });
  after(() => user?.dispose());

  const airbnb = (...args: string[]) => user.run(args, { timeoutMs: PATIENCE_MS });
  const login = (who = account) =>
    user.run(['login', '--email', who.email, '--password-stdin'], {
      input: who.password,
      timeoutMs: PATIENCE_MS,
    });
  const attemptToRegister = () => {
    const { email, password } = newAccount();
    return user.run(['register', '--email', email, '--nombre', 'Ana', '--password-stdin'], {
      input: password,
      timeoutMs: PATIENCE_MS,
    });
  };
  const dataFolder = () => path.join(user.home, '.local/share/airbnb/embedded');
  const host = () => JSON.parse(readFileSync(path.join(dataFolder(), 'host.json'), 'utf8'));
  const hosts = async () =>
    (await processesOf(user.folders.root)).filter(({ command }) => command.includes('host.js'));

  /** One sentence, with what to do, and nothing of the token. */
  async function expectClear({ stdout, stderr }: Result) {
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^Error: [^\n]+\.\n([^\n]+\n)?$/);
    const { token } = await readTokenFile(user);
    expect(stderr).not.to.contain(token);
  }

  /** Accounts are kept whatever happened, and there is one host. */
  async function expectRecovered() {
    const { code, stdout, stderr } = await login();
    expect(code, stdout + stderr).to.equal(0);
    expect((await airbnb('whoami')).code).to.equal(0);
    // One that has lost its files ends by itself.
    await until('one host alone', async () => (await hosts()).length === 1);
    expect((await airbnb('local', 'status', '--json')).json().set_aside).to.deep.equal([]);
  }

  for (const args of [['whoami'], ['sessions', 'revoke-all', '--except-current', '--yes'], ['login']]) {
    it(`killed at ${MOMENTS} moments of ${args.join(' ')}: the code is of the contract, and accounts are kept`, async () => {
      const run = () => (args[0] === 'login' ? login() : airbnb(...args));
      const begin = performance.now();
      expect((await run()).code).to.equal(0);
      const healthy = performance.now() - begin;
      for (let moment = 1; moment <= MOMENTS; moment++) {
        const { pid } = host();
        const running = run();
        await new Promise((resolve) => setTimeout(resolve, (healthy * moment) / (MOMENTS + 1)));
        process.kill(pid, 'SIGKILL');
        const result = await running;
        // Done before, never found it alive, lost it on the way.
        expect([0, 1, 4, 69], result.stdout + result.stderr).to.include(result.code);
        if (result.code !== 0) await expectClear(result);
        await expectRecovered();
      }
    });
  }

  it('stopped: 69 within two seconds, naming what ends it; continued, no session is lost', async () => {
    const { pid } = host();
    process.kill(pid, 'SIGSTOP');
    try {
      const begin = performance.now();
      const results = await Promise.all([
        airbnb('whoami'),
        airbnb('sessions', 'list'),
        login(),
        attemptToRegister(),
      ]);
      expect(performance.now() - begin).to.be.below(2_000 + BUSY_MS);
      for (const result of results) {
        expect(result.code, result.stdout + result.stderr).to.equal(69);
        await expectClear(result);
        expect(result.stderr).to.contain('airbnb local stop');
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await airbnb('whoami')).code).to.equal(0);
    process.kill(pid, 'SIGSTOP');
    // What has been sent may be done as soon as it goes on, so this is not among those above.
    expect((await airbnb('logout')).code).to.equal(69);
    await readTokenFile(user);
    expect((await airbnb('local', 'stop')).code).to.equal(0);
    expect(await hosts()).to.deep.equal([]);
    await expectRecovered();
  });

  it('started by eight commands at once, after its predecessor was killed: it is one, and all of them get in', async () => {
    process.kill(host().pid, 'SIGKILL');
    const others = await Promise.all(
      Array.from({ length: 8 }, () => newUser({ configured: false, env: { ...user.env } })),
    );
    try {
      // Homes of their own keep their token files apart, the data folder is that of one user.
      const results = await Promise.all(
        others.map((other) =>
          other.run(['login', '--email', account.email, '--password-stdin'], {
            input: account.password,
            env: { AIRBNB_SESSION_FILE: path.join(other.folders.home, 'session') },
            timeoutMs: PATIENCE_MS,
          }),
        ),
      );
      for (const { code, stdout, stderr } of results) expect(code, stdout + stderr).to.equal(0);
    } finally {
      await Promise.all(others.map((other) => other.folders.remove()));
    }
    await expectRecovered();
    expect((await airbnb('sessions', 'list', '--json')).json().total).to.equal(9);
  });

  for (const name of ['redisSocket', 'postgresSocket'] as const) {
    it(`of which the ${name === 'redisSocket' ? 'Valkey' : 'PostgreSQL'} socket was removed: another takes its place`, async () => {
      const { pid, [name]: socket } = host();
      rmSync(socket);
      const lost = await airbnb('whoami');
      expect(lost.code).to.equal(4);
      await expectClear(lost);
      await expectRecovered();
      expect(host().pid).not.to.equal(pid);
    });
  }

  describe('on a disk of its own', () => {
    let disk: SmallDisk | undefined;
    before(async function () {
      await airbnb('local', 'reset', '--yes');
      disk = await SmallDisk.mount(dataFolder(), 96);
      if (!disk) {
        this.test?.parent?.eachTest((test) => {
          test.title += ' (left out: nothing may be mounted here)';
        });
        this.skip();
      }
      account = await signIn(user);
    });
    after(async () => {
      await airbnb('local', 'stop');
      await disk?.[Symbol.asyncDispose]();
    });

    /** With none running. */
    async function expectNotStarted(reason: RegExp) {
      const result = await login();
      expect(result.code, result.stdout + result.stderr).to.equal(1);
      await expectClear(result);
      expect(result.stderr).to.match(reason);
      expect((await airbnb('whoami')).code).to.equal(4);
      expect(await hosts()).to.deep.equal([]);
    }

    it('that is full: new accounts are refused with 69, sessions go on, and it starts again when there is room', async () => {
      await disk?.fill();
      try {
        await fillTables(host().postgresSocket);
        const refused = await attemptToRegister();
        expect(refused.code, refused.stdout + refused.stderr).to.equal(69);
        await expectClear(refused);
        expect((await airbnb('whoami')).code).to.equal(0);
        expect((await login()).code).to.equal(0);
        // Whatever ends makes room.
        await airbnb('local', 'stop');
        await disk?.fill();
        await expectNotStarted(/ENOSPC/);
      } finally {
        await disk?.makeRoom();
      }
      await expectRecovered();
      expect((await attemptToRegister()).code).to.equal(0);
    });

    it('that is read-only: it does not start, says why, and starts when the disk can be written again', async () => {
      await airbnb('local', 'stop');
      await disk?.allowWrites(false);
      try {
        await expectNotStarted(/EROFS/);
      } finally {
        await disk?.allowWrites(true);
      }
      await expectRecovered();
    });
  });
});

/** Leaves no room in the pages that tables already have. */
async function fillTables(socket: string): Promise<void> {
  const client = new Client({
    host: path.dirname(socket),
    port: 5432,
    user: 'postgres',
    database: 'postgres',
  });
  await client.connect();
  try {
    for (const rows of [10_000, 100, 1]) {
      const insert = `insert into huesped (usuario_id, nombre) select 1, 'x' from generate_series(1, ${rows})`;
      for (let full = false; !full; ) {
        full = await client.query(insert).then(
          () => false,
          (error) => error.code === '53100',
        );
      }
    }
  } finally {
    await client.end();
  }
}
