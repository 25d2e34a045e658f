import { expect } from 'chai';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { FlightProxy } from '../support/flight-proxy.ts';
import { startSession, tokenFileOf } from '../support/held-session.ts';
import { type JsonFailure, jsonFailure } from '../support/json-failure.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

/** The whole command, Node's own start included, on a machine that may be busy with other tests. */
const SLACK_MS = 1500;
const REDIS_MS = 2000 + SLACK_MS;
const POSTGRES_MS = 4000 + SLACK_MS;

describe('an engine that fails', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser();
    account = await register(user);
  });
  after(() => user.dispose());

  const login = (options: RunOptions = {}) =>
    user.run(['login', '--email', account.email, '--password-stdin', '--json'], {
      input: account.password,
      ...options,
    });
  const within = async <T>(milliseconds: number, action: () => Promise<T>): Promise<T> => {
    const started = Date.now();
    const result = await action();
    expect(Date.now() - started).to.be.below(milliseconds);
    return result;
  };

  it('is named with its code in words, and without credentials', async () => {
    const AIRBNB_TOKEN = 'T'.repeat(43);
    const redis = await user.run(['whoami'], {
      env: { REDIS_URL: 'redis://someone:hidden@127.0.0.1:1/3', AIRBNB_TOKEN, AIRBNB_STRICT: '1' },
    });
    expect(redis.stderr).to.match(
      /^Error: Redis cannot be reached at redis:\/\/127\.0\.0\.1:1\/3: connection refused \(ECONNREFUSED\)\.\n/,
    );
    const DATABASE_URL = 'postgres://someone:hidden@127.0.0.1:1/people';
    const postgres = await user.run(['db', 'status'], { env: { DATABASE_URL, AIRBNB_LANG: 'es' } });
    expect(postgres.stderr).to.match(
      /^Error: No se puede llegar a PostgreSQL en 127\.0\.0\.1:1\/people: conexión rechazada \(ECONNREFUSED\)\.\n/,
    );
    expect(redis.stderr + postgres.stderr).not.to.match(/someone|hidden/);
  });

  describe('as Redis', () => {
    let proxy: FlightProxy;
    let env: NodeJS.ProcessEnv;
    before(async () => {
      proxy = new FlightProxy(engines.redisUrl);
      await proxy.open();
      env = { REDIS_URL: proxy.url };
    });
    beforeEach(async () => {
      const session = await startSession();
      await writeTokenFile(user, tokenFileOf(session, proxy.url));
    });
    afterEach(() => proxy.heal());
    after(() => proxy.close());

    const commands = [
      ['whoami'],
      ['sessions', 'list'],
      ['sessions', 'revoke-all', '--yes'],
      ['password', '--password-stdin'],
      ['logout'],
    ];
    async function eachFailsWith(expected: Partial<JsonFailure>) {
      await Promise.all(
        commands.map(async (args) => {
          const failed = jsonFailure(await within(REDIS_MS, () => user.run([...args, '--json'], { env })));
          expect(failed, args.join(' ')).to.include(expected);
          expect(failed.hint).to.be.a('string');
        }),
      );
      // Without strict mode a stand-in takes its place.
      expect(jsonFailure(await login({ env: { ...env, AIRBNB_STRICT: '1' } }))).to.include(expected);
      const text = await user.run(['whoami'], { env });
      expect(text).to.include({ code: expected.code, stdout: '' });
      expect(text.stderr).to.match(/^Error: .*Redis/);
      // Never removed because a server did not answer.
      expect((await readTokenFile(user)).token).to.have.length(43);
    }
    const unreachable = { code: 69, reason: 'unreachable', engine: 'redis' };

    it('that refuses connections: 69, at once, and the token file is kept', async () => {
      await proxy.refuse();
      await eachFailsWith(unreachable);
    });

    it('that never answers: 69 within two seconds', async () => {
      proxy.blackhole();
      const failed = await within(REDIS_MS, () => user.run(['whoami', '--json'], { env }));
      expect(jsonFailure(failed)).to.include(unreachable);
      expect(jsonFailure(await within(REDIS_MS, () => user.run(['logout', '--json'], { env })))).to.include(
        unreachable,
      );
    });

    it('that hangs up in the midst of its reply: 69', async () => {
      proxy.cutAfterReplyBytes(3);
      expect(jsonFailure(await user.run(['whoami', '--json'], { env }))).to.include(unreachable);
    });

    it('whose name does not exist: 69', async () => {
      const nowhere = { REDIS_URL: 'redis://no-such-host.invalid:6379', AIRBNB_STRICT: '1' };
      const failed = await login({ env: nowhere });
      expect(jsonFailure(failed)).to.include(unreachable);
    });

    it('that is still loading: 69', async () => {
      proxy.answer('EVAL', '-LOADING Redis is loading the dataset in memory');
      expect(jsonFailure(await user.run(['whoami', '--json'], { env }))).to.include(unreachable);
    });

    for (const reply of [
      'OOM command not allowed',
      'READONLY You cannot write',
      'MISCONF Errors writing',
      'CLUSTERDOWN',
    ]) {
      it(`that refuses work, with ${reply.split(' ')[0]}: 69`, async () => {
        proxy.answer('EVAL', `-${reply}`);
        const refused = jsonFailure(await user.run(['whoami', '--json'], { env }));
        expect(refused).to.include({ code: 69, reason: 'refusing_work', engine: 'redis' });
      });
    }

    for (const reply of [
      'NOPERM this user has no permissions',
      'NOAUTH Authentication required.',
      'MOVED 1 127.0.0.1:1',
    ]) {
      it(`that says ${reply.split(' ')[0]}: 78`, async () => {
        proxy.answer('EVAL', `-${reply}`);
        const refused = jsonFailure(await user.run(['whoami', '--json'], { env }));
        expect(refused).to.include({ code: 78, reason: 'misconfigured', engine: 'redis' });
      });
    }

    it('that is older than 6.2: 78 at login', async () => {
      const info = '# Server\r\nredis_version:6.0.16\r\n';
      proxy.answer('INFO', `$${info.length}\r\n${info}`);
      const refused = jsonFailure(await login({ env }));
      expect(refused).to.include({ code: 78, reason: 'unsupported_version' });
      expect(refused.message).to.contain('6.0.16');
      expect((await user.run(['doctor', '--json'], { env })).code).to.equal(78);
    });
  });

  describe('as Redis with passwords', () => {
    const password = 'open-sesame/42?#';
    let own: Awaited<ReturnType<typeof engines.ownRedis>>;
    before(async () => {
      own = await engines.ownRedis({ password, users: ['app on >app-secret ~* &* +@all'] });
    });
    after(() => own.dispose());

    const at = (credentials: string) => own.url.replace('redis://', `redis://${credentials}`);
    const attempt = (env: NodeJS.ProcessEnv) => login({ env: { REDIS_URL: undefined, ...env } });

    it('takes them from the URL or beside it', async () => {
      await Promise.all(
        (
          [
            { REDIS_URL: at(`:${encodeURIComponent(password)}@`) },
            { REDIS_URL: own.url, REDIS_PASSWORD: password },
            { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(own.port), REDIS_PASSWORD: password },
            { REDIS_URL: own.url, REDIS_USERNAME: 'app', REDIS_PASSWORD: 'app-secret' },
            { REDIS_URL: at('app@'), REDIS_PASSWORD: 'app-secret' },
          ] as NodeJS.ProcessEnv[]
        ).map(async (env) => {
          const done = await attempt(env);
          expect(done.code, done.stdout + done.stderr).to.equal(0);
          // The name of the server is the same, and holds no credentials.
          expect(done.json().server).to.equal(`${own.url}/0`);
        }),
      );
    });

    it('and a wrong one, or none: 78, and nothing of it is printed', async () => {
      await Promise.all(
        (
          [
            { REDIS_URL: at(':wrong-sesame@') },
            { REDIS_URL: own.url, REDIS_PASSWORD: 'wrong-sesame' },
            { REDIS_URL: own.url, REDIS_USERNAME: 'nobody', REDIS_PASSWORD: 'wrong-sesame' },
            { REDIS_URL: own.url },
          ] as NodeJS.ProcessEnv[]
        ).map(async (env) => {
          const refused = await attempt(env);
          expect(jsonFailure(refused)).to.include({ code: 78, reason: 'misconfigured', engine: 'redis' });
          expect(refused.stdout + refused.stderr).not.to.contain('sesame');
        }),
      );
    });
  });

  describe('as PostgreSQL', () => {
    it('that refuses connections or never answers: 69 for what needs accounts, and whoami works', async () => {
      await signIn(user, account);
      const silent = new FlightProxy(engines.databaseUrl);
      await silent.open();
      silent.blackhole();
      for (const DATABASE_URL of ['postgres://u:p@127.0.0.1:1/d', silent.url]) {
        const env = { DATABASE_URL };
        const failed = await within(POSTGRES_MS, () => login({ env }));
        expect(jsonFailure(failed)).to.include({ code: 69, reason: 'unreachable', engine: 'postgres' });
        expect((await user.run(['whoami'], { env })).code).to.equal(0);
        expect((await user.run(['sessions', 'list'], { env })).code).to.equal(0);
      }
      await silent.close();
      const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' };
      const { email, password } = newAccount();
      await Promise.all(
        (
          [
            [['register', '--email', email, '--nombre', 'A', '--password-stdin'], password],
            [['password', '--password-stdin'], `${account.password}\n${password}\n`],
            [['db', 'migrate'], ''],
            [['db', 'status'], ''],
            [['db', 'set-password', '--email', email, '--password-stdin'], password],
          ] as const
        ).map(async ([args, input]) => {
          const failed = jsonFailure(await user.run([...args, '--json'], { env, input }));
          expect(failed, args.join(' ')).to.include({ code: 69, reason: 'unreachable', engine: 'postgres' });
        }),
      );
    });

    it('that is not configured beside a Redis that is: 78 for what needs accounts, and whoami works', async () => {
      await signIn(user, account);
      const env = { DATABASE_URL: undefined };
      const { email, password } = newAccount();
      await Promise.all(
        (
          [
            [['login', '--email', email, '--password-stdin'], password],
            [['register', '--email', email, '--nombre', 'A', '--password-stdin'], password],
            [['password', '--password-stdin'], `${account.password}\n${password}\n`],
            [['db', 'migrate'], ''],
            [['db', 'status'], ''],
            [['db', 'set-password', '--email', email, '--password-stdin'], password],
          ] as const
        ).map(async ([args, input]) => {
          const refused = jsonFailure(await user.run([...args, '--json'], { env, input }));
          expect(refused, args.join(' ')).to.include({ code: 78, reason: 'accounts_not_configured' });
          expect(refused.hint).to.contain('DATABASE_URL');
        }),
      );
      for (const args of [['whoami'], ['sessions', 'list'], ['sessions', 'revoke-all', '--yes']]) {
        expect((await user.run(args, { env })).code, args.join(' ')).to.equal(0);
      }
    });
  });
});
