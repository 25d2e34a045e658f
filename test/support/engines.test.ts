import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { engines } from './engines.ts';

describe('the suite’s engines', () => {
  it('answer at their URLs', async () => {
    const redis = connect(engines.redisUrl);
    expect(await redis.ping()).to.equal('PONG');
    redis.disconnect();
    expect(await query(engines.databaseUrl, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
  });

  it('have several Redis databases', async () => {
    const first = connect(engines.redisUrlForDb(8));
    const second = connect(engines.redisUrlForDb(9));
    await first.set('engines-test', '8');
    expect(await second.exists('engines-test')).to.equal(0);
    await first.del('engines-test');
    first.disconnect();
    second.disconnect();
  });

  it('give an empty database that is gone after its drop', async () => {
    const [one, two] = await Promise.all([engines.freshDatabase(), engines.freshDatabase()]);
    await query(one.url, 'CREATE TABLE mine (id int)');
    const tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`;
    expect(await query(one.url, tables)).to.deep.equal([{ tablename: 'mine' }]);
    expect(await query(two.url, tables)).to.deep.equal([]);

    await Promise.all([one.drop(), two.drop()]);
    const failure = await query(one.url, 'SELECT 1').catch((error: unknown) => error);
    expect(failure).to.be.an('error');
  });

  it('keep the statements of concurrent clients apart', async () => {
    const clients = Array.from({ length: 8 }, () => new Client({ connectionString: engines.databaseUrl }));
    await Promise.all(clients.map((client) => client.connect()));
    const divide = (client: Client, by: number) =>
      client.query('SELECT 12 / $1::int AS result', [by]).then(
        ({ rows }) => rows[0].result,
        (error: Error) => error.message,
      );
    for (const by of [0, 1, 2, 3]) {
      const answers = await Promise.all(
        clients.map((client, index) => divide(client, index % 2 === 0 ? by : 4)),
      );
      const expected = by === 0 ? 'division by zero' : 12 / by;
      expect(answers).to.deep.equal(clients.map((_, index) => (index % 2 === 0 ? expected : 3)));
    }
    await Promise.all(clients.map((client) => client.end()));
  });
});

describe('an engine of one’s own', () => {
  it('takes passwords and users', async () => {
    const own = await engines.ownRedis({ password: 'secret', users: ['alice on >wonder ~session:* +get'] });
    try {
      expect(await firstError(own.url, 'PING')).to.match(/NOAUTH/);
      expect(await firstError(own.url.replace('//', '//:secret@'), 'PING')).to.equal(undefined);
      expect(await firstError(own.url.replace('//', '//alice:wonder@'), 'PING')).to.match(/NOPERM/);
    } finally {
      await own.dispose();
    }
  });

  it('can be killed, started again and frozen', async () => {
    const own = await engines.ownRedis();
    try {
      const before = own.pid;
      await own.kill();
      expect(own.running).to.equal(false);
      expect(await firstError(own.url, 'PING')).to.be.a('string');

      await own.start();
      expect(own.pid).not.to.equal(before);
      expect(await firstError(own.url, 'PING')).to.equal(undefined);

      await own.freeze();
      expect(await firstError(own.url, 'PING')).to.match(/timed out/i);
      await own.thaw();
      expect(await firstError(own.url, 'PING')).to.equal(undefined);
    } finally {
      await own.dispose();
    }
  });

  it('keeps a database over a kill', async () => {
    const own = await engines.ownPostgres();
    try {
      await query(own.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await own.kill();
      await own.start();
      expect(await query(own.url, 'SELECT answer FROM kept')).to.deep.equal([{ answer: 42 }]);
    } finally {
      await own.dispose();
    }
  });
});

function connect(url: string): Redis {
  const client = new Redis(url, {
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    commandTimeout: 500,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  return client;
}

/** The message of the error with which a new connection's command fails, if it does. */
async function firstError(url: string, command: string): Promise<string | undefined> {
  const client = connect(url);
  try {
    await client.call(command);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    client.disconnect();
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
