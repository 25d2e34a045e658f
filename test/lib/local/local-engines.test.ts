import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { readRecord } from '../../../src/lib/local/host-record.ts';
import { isAlive, Playground, reasonOf, runScript, until } from './support/playground.ts';
import { helperScript, hostScript, hostScriptWithDamagedArchive } from './support/scripts.ts';

describe('the embedded engines', function () {
  this.timeout(60_000);
  let playground: Playground;

  before(async () => {
    await hostScript();
  });

  beforeEach(() => {
    playground = new Playground();
  });

  afterEach(() => playground.dispose());

  describe('starting', () => {
    it('gives a Valkey that answers', async () => {
      const engines = await playground.engines();
      const steps: string[] = [];
      const host = await engines.ensure((step) => steps.push(step));
      expect(steps).to.deep.equal(['starting', 'ready']);
      expect(host.server).to.equal(`embedded:${engines.folderId}:${host.run}`);
      expect(host.server).to.match(/^embedded:[0-9a-f]{8}:[0-9a-f]{16}$/);
      expect(await playground.redis(host).ping()).to.equal('PONG');
    });

    it('gives a PostgreSQL with its tables', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      expect((await engines.status()).postgres).to.equal('off');
      const client = await playground.postgres(host);
      expect((await client.query('SELECT * FROM usuario')).rows).to.deep.equal([]);
      expect((await engines.status()).postgres).to.equal('ready');
    });

    it('happens once', async () => {
      const engines = await playground.engines();
      const first = await engines.ensure();
      expect(await engines.ensure(() => expect.fail('started again'))).to.deep.equal(first);
      expect(await engines.running()).to.deep.equal(first);
    });

    it('makes exactly one host however many processes ask at once', async () => {
      const script = await helperScript('ensure');
      const options = JSON.stringify(await playground.options());
      await playground.engines();
      const runs = Array.from({ length: 32 }, () => runScript(script, options));
      const results = (await Promise.all(runs.map(({ output }) => output))).map((text) => JSON.parse(text));
      expect(new Set(results.map(({ host, error }) => host?.pid ?? error)).size).to.equal(1);
      expect(results.filter(({ steps }) => steps.length > 0)).to.have.length(1);
      expect(hostsOf(playground.folder)).to.have.length(1);
    }).timeout(60_000);

    it('goes on when the command that started it is killed', async () => {
      const script = await helperScript('ensure');
      const { child, output } = runScript(script, JSON.stringify(await playground.options()));
      await until(() => hostsOf(playground.folder).length > 0, 5000);
      child.kill('SIGKILL');
      await output;
      // Two may have been started now, but one finds the folder taken.
      const host = await (await playground.engines()).ensure();
      await until(() => hostsOf(playground.folder).length === 1, 2000);
      expect(isAlive(host.pid)).to.equal(true);
    });

    it('is not held up by a command that is stopped while it starts', async () => {
      const script = await helperScript('ensure');
      const { child, output } = runScript(script, JSON.stringify(await playground.options()));
      await until(() => existsSync(join(playground.folder, 'start.lock')), 5000);
      child.kill('SIGSTOP');
      try {
        await (await playground.engines()).ensure();
        await until(() => hostsOf(playground.folder).length === 1, 2000);
      } finally {
        child.kill('SIGCONT');
        await output;
      }
    });

    it('fails at once, naming the log if there is one, when the host does not come up', async () => {
      const broken = join(playground.root, 'broken.js');
      writeFileSync(broken, 'process.exit(7)');
      const engines = await playground.engines({ hostScript: broken });
      const begun = performance.now();
      const error = await engines.ensure().catch((error) => error);
      expect(error).to.include({ reason: 'local_engine_failed' });
      expect(error.params).to.deep.equal({ detail: 'it ended with 7' });
      expect(performance.now() - begun).to.be.below(2000);
      mkdirSync(dirname(engines.log), { recursive: true });
      writeFileSync(engines.log, '');
      const again = await engines.ensure().catch((error) => error);
      expect(again.params).to.deep.equal({ log: engines.log, detail: 'it ended with 7' });
    });

    it('fails clearly where the data folder cannot be made', async () => {
      writeFileSync(join(playground.root, 'data'), 'a file');
      const error = await (await playground.engines()).ensure().catch((error) => error);
      expect(error).to.include({ reason: 'local_engine_failed' });
      expect(error.params.detail).to.match(/^(ENOTDIR|EEXIST): /);
    });
  });

  describe('the host', () => {
    it('has nothing of the environment but what it needs', async () => {
      process.env.REDIS_PASSWORD = 'hunter2-secret';
      process.env.NODE_OPTIONS = '--no-deprecation';
      try {
        const { pid } = await (await playground.engines()).ensure();
        if (process.platform !== 'linux') return;
        const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .map((entry) => entry.split('=')[0]);
        for (const name of names) expect(name).to.match(/^(PATH|HOME|XDG_\w+|TMPDIR|LANG|)$/);
        expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.to.include('secret');
        expect(execFileSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' })).to.equal('/\n');
      } finally {
        delete process.env.REDIS_PASSWORD;
        delete process.env.NODE_OPTIONS;
      }
    });

    it('keeps what it makes to its owner', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      await playground.postgres(host);
      const paths = [dirname(host.redisSocket), host.redisSocket, host.postgresSocket, playground.folder];
      const files = readdirSync(playground.folder).map((name) => join(playground.folder, name));
      for (const path of [...paths, ...files, engines.log, playground.logFolder]) {
        expect(lstatSync(path).mode & 0o077, path).to.equal(0);
      }
    });

    it('is found by a login without the runtime folder', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      delete process.env.XDG_RUNTIME_DIR;
      expect(await engines.ensure()).to.deep.equal(host);
    });

    it('writes a log without what clients send', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      await playground.redis(host).set('session:hunter2', 'hunter2');
      const client = await playground.postgres(host);
      await client.query("SELECT 'hunter2' FROM nowhere").catch(() => {});
      await engines.stop();
      const log = readFileSync(engines.log, 'utf8');
      expect(log).to.include('ready').and.to.include('PostgreSQL ready').and.to.include('ends: SIGTERM');
      expect(log).not.to.include('hunter2');
    });

    it('ends when nobody is connected and no session lives', async () => {
      const engines = await playground.engines({ idleSeconds: 1 });
      const host = await engines.ensure();
      const redis = playground.redis(host);
      await redis.set('airbnb:revoked:mark', '1', 'EX', 1000);
      await sleep(1500);
      expect(isAlive(host.pid)).to.equal(true);
      await redis.quit();
      await until(() => !isAlive(host.pid), 4000);
      expect(readdirSync(dirname(host.redisSocket))).to.deep.equal([]);
      expect(readdirSync(playground.folder)).to.deep.equal([]);
    });

    it('stays while a session lives', async () => {
      const engines = await playground.engines({ idleSeconds: 1 });
      const host = await engines.ensure();
      const redis = playground.redis(host);
      await redis.set('session:token', '{}', 'EX', 4);
      await redis.quit();
      await sleep(3000);
      expect(isAlive(host.pid)).to.equal(true);
      await until(() => !isAlive(host.pid), 5000);
    });

    for (const lost of ['record', 'socket'] as const) {
      it(`ends when its ${lost} is lost`, async () => {
        const host = await (await playground.engines()).ensure();
        rmSync(lost === 'record' ? join(playground.folder, 'host.json') : host.redisSocket);
        await until(() => !isAlive(host.pid), 8000);
      });
    }

    it('of which a socket is lost is replaced by the next command', async () => {
      const engines = await playground.engines();
      const first = await engines.ensure();
      rmSync(first.postgresSocket);
      expect(await engines.running()).to.equal(undefined);
      const second = await engines.ensure();
      expect(second.run).not.to.equal(first.run);
      expect(isAlive(first.pid)).to.equal(false);
    });

    it('of another protocol is replaced', async () => {
      const engines = await playground.engines();
      const first = await engines.ensure();
      const path = join(playground.folder, 'host.json');
      writeFileSync(path, JSON.stringify({ ...readRecord(playground.folder), protocol: 0 }));
      expect(await engines.running()).to.equal(undefined);
      const second = await engines.ensure();
      expect(second.run).not.to.equal(first.run);
      expect(isAlive(first.pid)).to.equal(false);
    });

    it('refuses a folder that another one serves', async () => {
      const host = await (await playground.engines()).ensure();
      const args = [
        '--folder',
        playground.folder,
        '--sockets',
        dirname(host.redisSocket),
        '--log',
        '/dev/null',
      ];
      const { child, output } = runScript(await hostScript(), ...args, '--idle', '60');
      await output;
      expect(child.exitCode).to.equal(1);
      expect(await playground.redis(host).ping()).to.equal('PONG');
    });
  });

  describe('after kill -9', () => {
    it('are started again, with the accounts and without the sessions', async () => {
      const engines = await playground.engines();
      const first = await engines.ensure();
      await playground.redis(first).set('session:token', '{}');
      const client = await playground.postgres(first);
      await client.query("INSERT INTO usuario (email, rol) VALUES ('ana@example.com', 'HUESPED')");
      process.kill(first.pid, 'SIGKILL');
      await until(() => !isAlive(first.pid), 2000);
      expect(await engines.running()).to.equal(undefined);
      expect(await engines.status()).to.include({ running: false });

      const second = await engines.ensure();
      expect(second.run).not.to.equal(first.run);
      expect(await playground.redis(second).exists('session:token')).to.equal(0);
      const again = await playground.postgres(second);
      expect((await again.query('SELECT email FROM usuario')).rows).to.deep.equal([
        { email: 'ana@example.com' },
      ]);
      expect((await engines.status()).setAside).to.deep.equal([]);
    });

    it('in the middle of making the database, it is made again', async () => {
      const engines = await playground.engines();
      const first = await engines.ensure();
      void playground.postgres(first).catch(() => {});
      await until(() => existsSync(join(playground.folder, 'postgres.new')), 5000);
      process.kill(first.pid, 'SIGKILL');
      await until(() => !isAlive(first.pid), 2000);
      const client = await playground.postgres(await engines.ensure());
      expect((await client.query('SELECT * FROM usuario')).rows).to.deep.equal([]);
      expect((await engines.status()).setAside).to.deep.equal([]);
    });
  });

  describe('that are stopped by a signal', () => {
    it('are stuck, within a bounded time, and `stop` ends them', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      process.kill(host.pid, 'SIGSTOP');
      await until(async () => (await engines.status()).stopped === true, 1000);
      const begun = performance.now();
      expect(await reasonOf(engines.ensure())).to.equal('local_engine_stuck');
      expect(performance.now() - begun).to.be.below(2500);
      expect(await engines.status()).to.include({ running: true, stopped: true, pid: host.pid });
      expect(await reasonOf(engines.assertAnswering())).to.equal('local_engine_stuck');
      expect(await engines.stop()).to.equal(true);
      expect(isAlive(host.pid)).to.equal(false);
      expect((await engines.ensure()).run).not.to.equal(host.run);
    });

    it('are fine when they are continued in time', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      process.kill(host.pid, 'SIGSTOP');
      await until(async () => (await engines.status()).stopped === true, 1000);
      setTimeout(() => process.kill(host.pid, 'SIGCONT'), 300);
      expect(await engines.ensure()).to.deep.equal(host);
      await engines.assertAnswering();
    });
  });

  describe('stop', () => {
    it('ends them and leaves no trace but the accounts', async () => {
      const engines = await playground.engines();
      const host = await engines.ensure();
      await playground.postgres(host);
      expect(await engines.stop()).to.equal(true);
      expect(isAlive(host.pid)).to.equal(false);
      expect(readdirSync(playground.folder)).to.deep.equal(['postgres']);
      expect(existsSync(host.redisSocket)).to.equal(false);
      expect(existsSync(host.postgresSocket)).to.equal(false);
    });

    it('has nothing to do where there are none', async () => {
      const engines = await playground.engines();
      expect(await engines.stop()).to.equal(false);
      expect(existsSync(playground.folder)).to.equal(false);
      expect(await engines.status()).to.include({ running: false, dataBytes: 0 });
    });
  });

  describe('reset', () => {
    it('removes accounts and sessions', async () => {
      const engines = await playground.engines();
      const client = await playground.postgres(await engines.ensure());
      await client.query("INSERT INTO usuario (email, rol) VALUES ('ana@example.com', 'HUESPED')");
      await engines.reset();
      expect(await engines.running()).to.equal(undefined);
      expect(readdirSync(playground.folder)).to.deep.equal([]);
      const again = await playground.postgres(await engines.ensure());
      expect((await again.query('SELECT * FROM usuario')).rows).to.deep.equal([]);
    });
  });

  describe('a database that does not open', () => {
    const damages: Record<string, (folder: string) => void> = {
      'without its version': (folder) => rmSync(join(folder, 'PG_VERSION')),
      'of another version': (folder) => writeFileSync(join(folder, 'PG_VERSION'), '9\n'),
      'with a damaged control file': (folder) =>
        writeFileSync(join(folder, 'global/pg_control'), 'x'.repeat(8192)),
      'without its log': (folder) => rmSync(join(folder, 'pg_wal'), { recursive: true }),
    };
    for (const [name, damage] of Object.entries(damages)) {
      it(`(${name}) is moved aside and named`, async () => {
        const engines = await playground.engines();
        await playground.postgres(await engines.ensure());
        await engines.stop();
        damage(join(playground.folder, 'postgres'));
        const client = await playground.postgres(await engines.ensure());
        expect((await client.query('SELECT * FROM usuario')).rows).to.deep.equal([]);
        const { setAside } = await engines.status();
        expect(setAside).to.have.length(1);
        expect(existsSync(join(setAside[0] ?? '', 'base'))).to.equal(true);
        expect(await engines.running()).to.include({ setAside: setAside[0] });
        expect(readFileSync(engines.log, 'utf8')).to.include('set_aside: postgres.unreadable-');
        await engines.reset();
        expect((await engines.status()).setAside).to.deep.equal(setAside);
      });
    }

    it('is left alone when no new one can be begun either', async () => {
      const engines = await playground.engines();
      await playground.postgres(await engines.ensure());
      await engines.stop();
      rmSync(join(playground.folder, 'postgres/PG_VERSION'));
      const without = await playground.engines({ hostScript: await hostScriptWithDamagedArchive() });
      const error = await playground.postgres(await without.ensure()).catch((error) => error);
      expect(error).to.include({ code: '57P03' });
      expect(await without.status()).to.include({ postgres: 'failed' });
      expect((await without.status()).setAside).to.deep.equal([]);
      expect(existsSync(join(playground.folder, 'postgres/base'))).to.equal(true);
      expect(readFileSync(without.log, 'utf8')).to.include('PG_VERSION is missing');
    });
  });

  describe('an unsafe folder', () => {
    it('that is a symbolic link is refused', async () => {
      mkdirSync(join(playground.root, 'data'));
      mkdirSync(join(playground.root, 'elsewhere'), { mode: 0o700 });
      symlinkSync(join(playground.root, 'elsewhere'), playground.folder);
      await expectUnsafe(playground, playground.folder, 'symlink');
    });

    it('that is open to others is refused', async () => {
      mkdirSync(playground.folder, { recursive: true, mode: 0o755 });
      await expectUnsafe(playground, playground.folder, 'mode');
    });

    it('that is a file is refused', async () => {
      mkdirSync(join(playground.root, 'data'));
      writeFileSync(playground.folder, '');
      await expectUnsafe(playground, playground.folder, 'not_a_folder');
    });

    it('of somebody else is refused', async function () {
      if (process.getuid?.() !== 0) this.skip();
      mkdirSync(playground.folder, { recursive: true, mode: 0o700 });
      execFileSync('chown', ['12345', playground.folder]);
      await expectUnsafe(playground, playground.folder, 'owner');
    });

    it('for the sockets is refused', async () => {
      const folder = join(playground.root, 'airbnb');
      symlinkSync(playground.root, folder);
      await expectUnsafe(playground, folder, 'symlink');
    });

    it('for the sockets is noticed later too', async () => {
      const engines = await playground.engines();
      await engines.ensure();
      chmodSync(join(playground.root, 'airbnb'), 0o755);
      expect(await reasonOf(engines.running())).to.equal('local_folder_unsafe');
      chmodSync(join(playground.root, 'airbnb'), 0o700);
    });

    it('whose sockets would have too long a path is refused', async () => {
      process.env.XDG_RUNTIME_DIR = join(playground.root, 'x'.repeat(90));
      mkdirSync(process.env.XDG_RUNTIME_DIR);
      const error = await (await playground.engines()).ensure().catch((error) => error);
      expect(error).to.include({ reason: 'local_folder_unsafe', exitCode: 78 });
      expect(error.params).to.include({ problem: 'too_long' });
      expect(existsSync(playground.folder)).to.equal(true);
    });
  });
});

async function expectUnsafe(playground: Playground, path: string, problem: string): Promise<void> {
  const error = await (await playground.engines()).ensure().catch((error) => error);
  expect(error).to.include({ reason: 'local_folder_unsafe', exitCode: 78 });
  expect(error.params).to.deep.equal({ path, problem });
}

/** The processes that serve a data folder. */
function hostsOf(folder: string): string[] {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return processes.filter((line) => line.includes(`--folder ${folder} `) && !/^\s*\d+\s+Z/.test(line));
}
