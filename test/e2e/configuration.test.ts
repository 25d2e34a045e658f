import { copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';

const ROOT = path.resolve(__dirname, '../..');

describe('the configuration', () => {
  let user: User;
  before(async () => {
    user = await newUser();
    await holdSession(user);
  });
  after(() => user.dispose());

  const whoami = (env: NodeJS.ProcessEnv) => user.run(['whoami', '--json'], { env });

  describe('refuses, naming it, a variable that is set but empty', () => {
    const names = [
      'REDIS_URL',
      'REDIS_HOST',
      'REDIS_PORT',
      'REDIS_USERNAME',
      'REDIS_TLS_CA',
      'REDIS_CLUSTER',
      'REDIS_SENTINELS',
      'REDIS_MASTER_NAME',
      'DATABASE_URL',
      'PGHOST',
      'AIRBNB_SESSION_TTL',
      'AIRBNB_SESSION_MAX_AGE',
      'AIRBNB_SESSION_FILE',
      'AIRBNB_ENV_FILE',
      'AIRBNB_STRICT',
      'AIRBNB_NO_INPUT',
      'AIRBNB_LOCAL_IDLE',
      'AIRBNB_LANG',
      'AIRBNB_TRACE',
      'AIRBNB_OF_THE_FUTURE',
    ];
    for (const name of names) {
      it(name, async () => {
        const refused = jsonFailure(await whoami({ [name]: '' }));
        expect(refused).to.include({ code: 78, reason: 'empty_setting', setting: name });
        expect(refused.message).to.contain(name);
      });
    }

    it('whatever the command, as it may be a secret that got lost', async () => {
      const env = { DATABASE_URL: '' };
      await Promise.all(
        [
          ['sessions', 'list'],
          ['logout'],
          ['login', '--email', 'ana@example.com', '--password-stdin'],
          ['db', 'status'],
          ['local', 'status'],
        ].map(async (args) => {
          const refused = await user.run([...args, '--json'], { env, input: 'some password' });
          expect(jsonFailure(refused), args.join(' ')).to.include({ code: 78, reason: 'empty_setting' });
        }),
      );
    });

    it('but takes empty passwords, locales and NO_COLOR for unset', async () => {
      const env = {
        REDIS_PASSWORD: '',
        PGPASSWORD: '',
        LC_ALL: '',
        LC_MESSAGES: '',
        LANG: '',
        NO_COLOR: '',
        CI: '',
      };
      expect((await whoami(env)).code).to.equal(0);
    });
  });

  describe('refuses a value that cannot be, naming the variable and never the value', () => {
    const values: [string, string[]][] = [
      ['AIRBNB_STRICT', ['yes', 'TRUE', 'on', ' 1', '2']],
      ['AIRBNB_NO_INPUT', ['no']],
      ['AIRBNB_TRACE', ['verbose']],
      ['AIRBNB_SESSION_TTL', ['0', '-1', '1.5', '90s', '31536001', '1e3', '٣']],
      ['AIRBNB_SESSION_MAX_AGE', ['89', 'never']],
      ['AIRBNB_LOCAL_IDLE', ['0', 'soon']],
      ['REDIS_URL', ['localhost:6379', 'http://localhost', 'redis://', 'redis://host/name', 'redis://h:0']],
    ];
    for (const [name, bad] of values) {
      it(name, async () => {
        await Promise.all(
          bad.map(async (value) => {
            const refused = await whoami({ [name]: value });
            expect(jsonFailure(refused), value).to.include({
              code: 78,
              reason: 'invalid_setting',
              setting: name,
            });
            if (value.length > 8) expect(refused.stdout).not.to.contain(value);
          }),
        );
      });
    }

    it('DATABASE_URL, where a command needs accounts', async () => {
      await Promise.all(
        ['nonsense', 'mysql://h/d', 'postgres://one,two/d', 'postgres://h/d?sslmode=maybe'].map(
          async (value) => {
            const refused = await user.run(['db', 'status', '--json'], { env: { DATABASE_URL: value } });
            expect(jsonFailure(refused), value).to.include({ code: 78, reason: 'invalid_setting' });
            expect(jsonFailure(refused).setting).to.equal('DATABASE_URL');
          },
        ),
      );
    });

    it('two names of different Redis servers', async () => {
      const refused = jsonFailure(await whoami({ REDIS_CLUSTER: 'a:1,b:2' }));
      expect(refused).to.include({ code: 78, reason: 'conflicting_settings' });
      expect(refused.message).to.contain('REDIS_URL').and.to.contain('REDIS_CLUSTER');
    });

    it('but takes 1, true, 0 and false', async () => {
      await Promise.all(
        ['1', 'true', '0', 'false'].map(async (value) => {
          expect((await whoami({ AIRBNB_STRICT: value, AIRBNB_NO_INPUT: value })).code).to.equal(0);
        }),
      );
    });
  });

  it('takes PostgreSQL from the PG* variables too', async () => {
    const { hostname, port, username, password, pathname } = new URL(engines.databaseUrl);
    const env = {
      DATABASE_URL: undefined,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: pathname.slice(1),
    };
    expect((await user.run(['db', 'status'], { env })).code).to.equal(0);
  });

  it('keeps the token file where AIRBNB_SESSION_FILE says', async () => {
    const moved = { AIRBNB_SESSION_FILE: path.join(user.home, 'elsewhere') };
    expect(jsonFailure(await whoami(moved))).to.include({ code: 4, reason: 'never' });
    await copyFile(user.sessionFile, moved.AIRBNB_SESSION_FILE);
    expect((await whoami(moved)).code).to.equal(0);
  });

  describe('of a file', () => {
    const ttlOf = async (env: NodeJS.ProcessEnv, more: { cwd?: string; script?: string } = {}) => {
      const doctor = await user.run(['doctor', '--json'], { env, ...more });
      const { session_ttl, env_file } = doctor.json().checks[0].facts;
      return [session_ttl, env_file];
    };
    const unnamed = { AIRBNB_ENV_FILE: undefined };

    it('is that which AIRBNB_ENV_FILE names, and the environment wins over it', async () => {
      const file = path.join(user.home, 'named.env');
      await writeFile(file, '# a comment\nexport AIRBNB_SESSION_TTL="101" # another\n');
      const env = { AIRBNB_ENV_FILE: file };
      expect(await ttlOf(env)).to.deep.equal([101, file]);
      expect(await ttlOf({ ...env, AIRBNB_SESSION_TTL: '102' })).to.deep.equal([102, file]);
      await writeFile(file, 'AIRBNB_SESSION_TTL=\n');
      const refused = jsonFailure(await whoami(env));
      expect(refused).to.include({ code: 78, reason: 'empty_setting', setting: 'AIRBNB_SESSION_TTL' });
    });

    it('has to be there if it is named', async () => {
      const refused = jsonFailure(await whoami({ AIRBNB_ENV_FILE: path.join(user.home, 'missing.env') }));
      expect(refused).to.include({ code: 78, reason: 'env_file_unreadable' });
      expect(refused.message).to.contain('missing.env');
    });

    it('is never that of the current folder', async () => {
      const file = path.join(user.folders.work, '.env');
      await writeFile(file, 'REDIS_URL=redis://127.0.0.1:1\nAIRBNB_SESSION_TTL=105\n');
      const [ttl, found] = await ttlOf({ ...unnamed, REDIS_URL: undefined }, { cwd: user.folders.work });
      expect(ttl).not.to.equal(105);
      expect(found).not.to.equal(file);
    });

    it('is the first of two: in the configuration folder, then beside package.json', async () => {
      // A checkout of its own: bin/run.js finds its package where it is itself.
      const checkout = path.join(user.folders.root, 'checkout');
      await cp(path.join(ROOT, 'bin'), path.join(checkout, 'bin'), { recursive: true });
      await copyFile(path.join(ROOT, 'package.json'), path.join(checkout, 'package.json'));
      for (const folder of ['dist', 'node_modules']) {
        await symlink(path.join(ROOT, folder), path.join(checkout, folder));
      }
      const there = { script: path.join(checkout, 'bin', 'run.js') };
      expect(await ttlOf(unnamed, there)).to.deep.equal([90, null]);

      const beside = path.join(checkout, '.env');
      await copyFile(path.join(ROOT, '.env.example'), beside);
      expect(await ttlOf(unnamed, there)).to.deep.equal([90, beside]);
      await writeFile(beside, 'AIRBNB_SESSION_TTL=103\nAIRBNB_SESSION_MAX_AGE=500\n');
      expect(await ttlOf(unnamed, there)).to.deep.equal([103, beside]);

      const folder = path.join(user.home, '.config', 'airbnb');
      await mkdir(folder, { recursive: true });
      const own = path.join(folder, '.env');
      await writeFile(own, 'AIRBNB_SESSION_TTL=104\n');
      const doctor = await user.run(['doctor', '--json'], { env: unnamed, ...there });
      expect(doctor.json().checks[0].facts).to.include({
        env_file: own,
        session_ttl: 104,
        session_max_age: null,
      });
      expect(await ttlOf({}, there), 'AIRBNB_ENV_FILE alone').to.deep.equal([90, user.env.AIRBNB_ENV_FILE]);
    });
  });

  it('disturbs neither help nor the version, however bad it is', async () => {
    const env = {
      AIRBNB_ENV_FILE: '/nonexistent/.env',
      REDIS_URL: '',
      DATABASE_URL: 'nonsense',
      AIRBNB_SESSION_TTL: 'soon',
      AIRBNB_LANG: '',
    };
    await Promise.all(
      [['--help'], ['help'], ['login', '--help'], ['help', 'sessions'], ['--version'], []].map(
        async (args) => {
          const { code, stderr, stdout } = await user.run(args, { env });
          expect({ code, stderr }, args.join(' ')).to.deep.equal({ code: 0, stderr: '' });
          expect(stdout).not.to.equal('');
        },
      ),
    );
  });

  it('has no switches of oclif’s in it', async () => {
    const { stdout } = await user.run(['whoami']);
    const env = { AIRBNB_DEBUG: '1', AIRBNB_CONTENT_TYPE: 'json', DEBUG: '*', NODE_ENV: 'development' };
    const whatever = await user.run(['whoami'], { env });
    expect(whatever).to.include({ code: 0, stderr: '' });
    const shape = (text: string) => text.replace(/\d/g, '0');
    expect(shape(whatever.stdout)).to.equal(shape(stdout));
    const failed = await user.run(['whoami', '--nonsense'], { env });
    expect(failed).to.include({ code: 2, stdout: '' });
    expect(failed.stderr.trim().split('\n')).to.have.length(2);
  });
});
