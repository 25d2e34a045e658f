import { expect } from 'chai';
import { LOGIN_LIMITS } from '../../src/lib/auth/login-limiter.ts';
import { newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import type { FreshDatabase } from '../support/engines/engine-factory.ts';
import type { EngineProcess } from '../support/engines/engine-process.ts';
import { hasPgBouncer, startPgBouncer } from '../support/engines/pgbouncer.ts';
import { engines } from '../support/engines.ts';

const NEEDS =
  engines.kind === 'embedded'
    ? 'needs native servers: npm run test:servers'
    : !hasPgBouncer() && 'needs PgBouncer: apt-get install pgbouncer';

describe('PostgreSQL behind PgBouncer in transaction mode', () => {
  if (NEEDS) {
    // The embedded PostgreSQL has a single connection, so there is nothing to pool. CI runs this on native servers.
    it.skip(NEEDS);
    return;
  }

  let database: FreshDatabase;
  let pooler: EngineProcess;
  let user: User;

  before(async () => {
    database = await engines.freshDatabase();
    pooler = await startPgBouncer(database.url);
    user = await newUser({ env: { DATABASE_URL: pooler.url } });
  });
  after(async () => {
    await user?.dispose();
    await pooler?.dispose();
    await database?.drop();
  });

  const applied = async () => (await user.run(['db', 'migrate', '--json'])).json().applied;

  it('migrates, finds that done the second time, and says so of its state', async () => {
    expect(await applied()).to.deep.equal([
      '0001-account-tables',
      '0002-account-indexes',
      '0003-login-counters',
    ]);
    expect(await applied()).to.deep.equal([]);
    const { applied: all, pending } = (await user.run(['db', 'status', '--json'])).json();
    expect([all.length, pending.length]).to.deep.equal([3, 0]);
  });

  it('registers, signs in, and changes and sets the password', async () => {
    const account = await signIn(user);
    const { password } = newAccount();
    const change = ['password', '--password-stdin'];
    expect(await user.run(change, { input: `${account.password}\n${password}\n` })).to.include({ code: 0 });
    await signIn(user, { ...account, password });
    const set = ['db', 'set-password', '--email', account.email, '--password-stdin'];
    expect(await user.run(set, { input: account.password })).to.include({ code: 0 });
    await signIn(user, account);
    expect((await user.run(['doctor'])).code).to.equal(0);
  });

  it('serves several at once over one connection to the server', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => register(user)));
    expect(new Set(accounts.map(({ email }) => email)).size).to.equal(4);
  });

  it('counts attempts to sign in while Redis is away', async () => {
    const { email, password } = await register(user);
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    const login = ['login', '--email', email, '--password-stdin'];
    for (let time = 0; time < LOGIN_LIMITS.pair.attempts; time++) {
      expect((await user.run(login, { input: 'not the password', env })).code).to.equal(4);
    }
    expect((await user.run(login, { input: password, env })).code).to.equal(75);
  });

  it('is not refused for what PGOPTIONS, PGREPLICATION and PGSSLNEGOTIATION say in the environment', async () => {
    const env = {
      PGOPTIONS: '-c statement_timeout=5000',
      PGREPLICATION: 'database',
      PGSSLNEGOTIATION: 'direct',
    };
    const migrated = await user.run(['db', 'migrate'], { env });
    expect(migrated).to.include({ code: 0, stderr: '' });
  });

  it('names the wrong password and the unknown user as a fault of the configuration', async () => {
    for (const login of ['postgres:wr0ng', 'nobody-here:postgres']) {
      const DATABASE_URL = pooler.url.replace(/\/\/.*@/, `//${login}@`);
      const refused = await user.run(['db', 'status'], { env: { DATABASE_URL } });
      expect(refused.code).to.equal(78);
      expect(refused.stderr).not.to.contain('wr0ng');
    }
  });

  it('that ends is unreachable', async () => {
    await pooler.stop();
    expect((await user.run(['db', 'status'])).code).to.equal(69);
  });
});
