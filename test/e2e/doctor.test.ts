import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { FlightProxy } from '../support/flight-proxy.ts';
import { holdSession } from '../support/held-session.ts';
import { processesOf } from '../support/leftovers.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';

interface Check {
  name: string;
  status: 'ok' | 'warning' | 'skipped' | 'fault';
  facts: Record<string, unknown>;
  warnings?: { reason: string; message: string; hint: string | null; setting?: string }[];
  why?: string;
  error?: { code: number; reason: string; hint: string | null };
}

const ALL = ['configuration', 'redis', 'postgres', 'migrations', 'token_file', 'clock'];

describe('airbnb doctor', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  after(() => user.dispose());

  /** What it found, by check; every check is reported whatever became of those before it. */
  async function examine(options: RunOptions = {}) {
    const result = await user.run(['doctor', '--json'], options);
    const { ok, checks, settings } = result.json();
    expect(checks.map(({ name }: Check) => name)).to.deep.equal(ALL);
    expect(result.stderr).to.equal('');
    const byName: Record<string, Check> = Object.fromEntries(checks.map((each: Check) => [each.name, each]));
    const faults = checks.flatMap(({ name, error }: Check) => (error ? [[name, error.reason]] : []));
    const first = checks.find(({ error }: Check) => error)?.error;
    expect(result.code, 'the exit code of the first fault').to.equal(first?.code ?? 0);
    expect(ok).to.equal(first === undefined);
    for (const { error } of checks) if (error) expect(error.hint).to.be.a('string');
    return { byName, faults, settings, code: result.code, stdout: result.stdout };
  }

  it('finds no fault where all is well, and not being signed in is none', async () => {
    const { byName, faults } = await examine();
    expect(faults).to.deep.equal([]);
    expect(byName.configuration?.facts).to.include({ session_ttl: 90, session_max_age: null, strict: false });
    expect(byName.redis?.facts).to.include({ server: `${engines.redisUrl}/0` });
    expect(byName.redis?.facts?.version).to.match(/^\d+\.\d+/);
    expect(byName.postgres?.facts?.version).to.match(/^\d+/);
    expect(byName.migrations?.facts).to.deep.equal({ applied: 3, pending: 0 });
    expect(byName.token_file?.facts).to.include({ signed_in: false, path: user.sessionFile });
    expect(byName.clock?.status).to.equal('ok');
    expect(byName.clock?.facts?.difference_ms).to.be.within(-5000, 5000);
  });

  it('is readable for people, in Spanish too', async () => {
    const text = await user.run(['doctor']);
    expect(text).to.include({ code: 0, stderr: '' });
    expect(text.stdout).to.contain('Redis: ok').and.to.contain('No faults');
    const spanish = await user.run(['doctor'], { env: { LANG: 'es', REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(spanish.code).to.equal(69);
    expect(spanish.stdout).to.match(/Redis: FALLO\n +Servidor: +redis:.*\n +.*Redis.*\n +/);
    expect(spanish.stdout).to.match(/PostgreSQL: bien/);
  });

  it('names what it found in words of the language, and not as JSON does', async () => {
    for (const env of [{}, { AIRBNB_LANG: 'es' }]) {
      const { stdout } = await user.run(['doctor'], { env });
      expect(stdout).not.to.match(/^ +[a-z_]+: |\b(true|false)\b|_ms/m);
    }
  });

  it('does not send people to itself, as other commands do', async () => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1', AIRBNB_STRICT: '1' };
    for (const AIRBNB_LANG of ['en', 'es']) {
      const doctor = await user.run(['doctor'], { env: { ...env, AIRBNB_LANG } });
      expect(doctor.code).to.equal(69);
      expect(doctor.stdout).to.contain('REDIS_URL').and.not.to.contain('airbnb doctor');
      const whoami = await user.run(['whoami'], {
        env: { ...env, AIRBNB_LANG, AIRBNB_TOKEN: 'A'.repeat(43) },
      });
      expect(whoami.stderr).to.contain('"airbnb doctor"');
    }
  });

  it('refreshes no session', async () => {
    const { token, wire } = await holdSession(user, { ttl: 30 });
    const { byName } = await examine();
    expect(byName.token_file?.facts).to.include({ signed_in: true, source: 'file', session: 'live' });
    expect(byName.token_file?.facts.expires_in).to.be.within(1, 30);
    const redis = plainClient(engines.redisUrl);
    expect(await redis.ttl(`session:${token}`)).to.be.at.most(30);
    expect(JSON.parse((await redis.get(`session:${token}`)) ?? '')).to.deep.equal(wire);
    redis.disconnect();
    await user.run(['logout']);
  });

  it('warns of a session that is no more, and that is no fault', async () => {
    const redis = plainClient(engines.redisUrl);
    const { token } = await holdSession(user);
    await redis.del(`session:${token}`);
    const { byName, code } = await examine();
    expect(code).to.equal(0);
    expect(byName.token_file?.status).to.equal('warning');
    expect(byName.token_file?.facts).to.include({ signed_in: false, session: 'expired' });
    expect(byName.token_file?.warnings?.[0]).to.include({ reason: 'expired' });
    expect(byName.token_file?.warnings?.[0]?.hint).to.contain('airbnb login');

    await holdSession(user);
    const AIRBNB_TOKEN = JSON.parse(await readFile(user.sessionFile, 'utf8')).token;
    expect((await user.run(['sessions', 'revoke-all', '--yes'])).code).to.equal(0);
    const revoked = await user.run(['doctor'], { env: { AIRBNB_TOKEN } });
    expect(revoked).to.include({ code: 0, stderr: '' });
    expect(revoked.stdout)
      .to.match(/^Token file: warning$/m)
      .and.to.match(/^ +Signed in: +no$/m);
    expect(revoked.stdout).to.contain('was revoked').and.to.contain('login --token-only');
    redis.disconnect();
    await user.run(['logout', '--local']);
  });

  it('says nothing of a session that nobody can be asked for', async () => {
    const proxy = new FlightProxy(engines.redisUrl);
    await proxy.open();
    await holdSession(user, { claimedUrl: proxy.url });
    await proxy.refuse();
    const { byName } = await examine({ env: { REDIS_URL: proxy.url } });
    await proxy.close();
    expect(byName.token_file?.facts).to.include({ signed_in: null, session: null });
    await user.run(['logout', '--local']);
  });

  it('warns of variables that begin as ours do and are none, wherever they are set', async () => {
    const file = path.join(user.home, 'misspelt.env');
    await writeFile(file, 'AIRBNB_STRIKT=1\n');
    const { byName, code } = await examine({
      env: { AIRBNB_ENV_FILE: file, AIRBNB_SESION_TTL: '3600', AIRBNB_TEST_ANYTHING: '1' },
    });
    expect(code).to.equal(0);
    const warnings = byName.configuration?.warnings ?? [];
    expect(warnings.map(({ reason, setting }) => [reason, setting])).to.deep.equal([
      ['unknown_setting', 'AIRBNB_SESION_TTL'],
      ['unknown_setting', 'AIRBNB_STRIKT'],
    ]);
    expect(warnings[0]?.hint).to.contain('AIRBNB_SESSION_TTL');
    expect(warnings[1]?.hint).to.contain('AIRBNB_STRICT');
  });

  it('warns of a settings file with a password that others can read', async () => {
    const file = path.join(user.home, 'open.env');
    const warningsOf = async (text: string, mode: number) => {
      await writeFile(file, text);
      await chmod(file, mode);
      const { byName } = await examine({ env: { AIRBNB_ENV_FILE: file } });
      return byName.configuration?.warnings?.map(({ hint }) => hint) ?? [];
    };
    const [withPassword, without] = ['PGPASSWORD=not-to-be-shown\n', 'AIRBNB_SESSION_TTL=120\n'];
    expect(await warningsOf(withPassword, 0o644)).to.deep.equal([`Close it with: chmod 600 '${file}'`]);
    expect(await warningsOf('DATABASE_URL=postgres://u:pw@h/d\n', 0o640)).to.have.length(1);
    expect(await warningsOf('DATABASE_URL=postgres://u@h/d\n', 0o644)).to.deep.equal([]);
    expect(await warningsOf(withPassword, 0o600)).to.deep.equal([]);
    expect(await warningsOf(without, 0o644)).to.deep.equal([]);
  });

  it('shows no setting that holds a URL in the wrong place', async () => {
    const { stdout } = await examine({ env: { PGSSLROOTCERT: 'postgres://u:hidden-here@h/d' } });
    expect(stdout).not.to.contain('hidden-here');
  });

  it('starts no engine where nothing is configured, and that is no fault', async () => {
    await using nobody = await newUser({ configured: false });
    const result = await nobody.run(['doctor', '--json']);
    expect(result.code).to.equal(0);
    expect(result.json().checks[1].facts).to.include({ embedded: true, running: false });
    expect(await processesOf(nobody.folders.root)).to.deep.equal([]);
  });

  it('shows each setting with its source, and no value that may be a secret', async () => {
    const file = path.join(user.home, 'settings.env');
    await writeFile(
      file,
      'AIRBNB_SESSION_TTL=120\nAIRBNB_SESSION_MAX_AGE=500\nREDIS_PASSWORD=hidden-in-file\n',
    );
    const env = { AIRBNB_ENV_FILE: file, AIRBNB_SESSION_TTL: '300', REDIS_URL: engines.redisUrl };
    const result = await user.run(['doctor', '--json'], { env });
    const { checks, settings } = result.json();
    expect(checks[0].facts).to.include({ env_file: file, session_ttl: 300, session_max_age: 500 });
    expect(settings).to.deep.include({ name: 'AIRBNB_SESSION_TTL', value: '300', source: 'environment' });
    expect(settings).to.deep.include({ name: 'AIRBNB_SESSION_MAX_AGE', value: '500', source: 'file' });
    expect(settings).to.deep.include({ name: 'REDIS_PASSWORD', value: null, source: 'file' });
    expect(settings).to.deep.include({ name: 'REDIS_URL', value: null, source: 'environment' });
    const text = await user.run(['doctor'], { env });
    expect(result.stdout + text.stdout).not.to.contain('hidden-in-file');
    expect(text.stdout).not.to.contain(engines.databaseUrl);
  });

  describe('with a fault goes on, and ends with the code of the first', () => {
    it('Redis down', async () => {
      const { faults, byName } = await examine({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
      expect(faults).to.deep.equal([['redis', 'unreachable']]);
      expect(byName.redis?.facts).to.deep.equal({ server: 'redis://127.0.0.1:1/0' });
      expect([byName.clock?.status, byName.clock?.why]).to.deep.equal(['skipped', 'engine_fault']);
    });

    it('an empty variable of a file: what it is about is not taken for embedded', async () => {
      const file = path.join(user.home, 'lost.env');
      await writeFile(file, 'REDIS_URL=\n');
      const env = { AIRBNB_ENV_FILE: file, REDIS_URL: undefined };
      const { faults, byName, stdout } = await examine({ env });
      expect(faults).to.deep.equal([['configuration', 'empty_setting']]);
      expect(stdout).to.contain(`REDIS_URL is set but empty, in ${file}.`);
      expect([byName.redis?.status, byName.redis?.why]).to.deep.equal(['skipped', 'same_fault']);
      const lost = await examine({ env: { DATABASE_URL: '' } });
      expect(lost.faults).to.deep.equal([['configuration', 'empty_setting']]);
      expect(lost.stdout).to.contain('DATABASE_URL is set but empty in the environment.');
    });

    it('no server in strict mode: one names both variables', async () => {
      const env = { REDIS_URL: undefined, DATABASE_URL: undefined, AIRBNB_STRICT: '1' };
      const { faults, stdout } = await examine({ env });
      expect(faults).to.deep.equal([['redis', 'embedded_forbidden']]);
      expect(stdout).to.contain('Set REDIS_URL and DATABASE_URL');
    });

    it('Redis silent and PostgreSQL down', async () => {
      const proxy = new FlightProxy(engines.redisUrl);
      await proxy.open();
      proxy.blackhole();
      const env = { REDIS_URL: proxy.url, DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' };
      const { faults, byName, code } = await examine({ env });
      await proxy.close();
      expect(faults).to.deep.equal([
        ['redis', 'unreachable'],
        ['postgres', 'unreachable'],
      ]);
      expect(code).to.equal(69);
      expect([byName.migrations?.status, byName.clock?.status]).to.deep.equal(['skipped', 'skipped']);
    });

    it('tables that are missing', async () => {
      const fresh = await engines.freshDatabase();
      const { faults, code } = await examine({ env: { DATABASE_URL: fresh.url } });
      await fresh.drop();
      expect(faults).to.deep.equal([['migrations', 'migrations_pending']]);
      expect(code).to.equal(78);
    });

    it('Redis without PostgreSQL', async () => {
      const { faults } = await examine({ env: { DATABASE_URL: undefined } });
      expect(faults).to.deep.equal([['postgres', 'accounts_not_configured']]);
    });

    it('a token file that is unsafe, or holds no session', async () => {
      await holdSession(user);
      await chmod(user.sessionFile, 0o640);
      expect((await examine()).faults).to.deep.equal([['token_file', 'token_file_unsafe']]);
      await writeTokenFile(user, 'nothing of ours');
      const { faults, code } = await examine();
      expect(faults).to.deep.equal([['token_file', 'malformed']]);
      expect(code).to.equal(4);
      await user.run(['logout']);
    });

    it('the token of another server', async () => {
      await holdSession(user);
      const { faults } = await examine({ env: { REDIS_URL: engines.redisUrlForDb(5) } });
      expect(faults).to.deep.equal([['token_file', 'other_server']]);
      await user.run(['logout']);
    });

    it('settings that are empty, or cannot be', async () => {
      await Promise.all(
        (
          [
            [{ AIRBNB_SESSION_TTL: '' }, 'empty_setting'],
            [{ AIRBNB_SESSION_TTL: 'soon' }, 'invalid_setting'],
            [{ AIRBNB_STRICT: 'yes' }, 'invalid_setting'],
            [{ REDIS_URL: 'http://example.com' }, 'invalid_setting'],
            [{ REDIS_URL: '' }, 'empty_setting'],
            [{ DATABASE_URL: 'nonsense' }, 'invalid_setting'],
          ] as [NodeJS.ProcessEnv, string][]
        ).map(async ([env, reason]) => {
          const { faults, code } = await examine({ env });
          expect(faults[0]?.[1], JSON.stringify(env)).to.equal(reason);
          expect(faults, 'said once').to.have.length(1);
          expect(code).to.equal(78);
        }),
      );
    });

    it('a settings file that is not there', async () => {
      const { faults, code } = await examine({ env: { AIRBNB_ENV_FILE: '/nonexistent/.env' } });
      expect(faults).to.deep.equal([['configuration', 'env_file_unreadable']]);
      expect(code).to.equal(78);
    });
  });
});
