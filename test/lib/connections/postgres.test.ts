import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Kysely, sql } from 'kysely';
import {
  openConnection,
  openPostgres,
  type PostgresConfig,
  type PostgresTimeouts,
  requireSupportedServer,
} from '../../../src/lib/connections/postgres.ts';
import { AccountDatabase, configOf, urlOf } from '../../support/account-database.ts';
import { engines } from '../../support/engines.ts';
import { failureOf } from '../../support/failure-of.ts';
import { startProxy } from '../../support/flight-proxy.ts';
import { until } from '../../support/until.ts';

describe('a connection to PostgreSQL', () => {
  let database: AccountDatabase;
  const toClose: Array<() => Promise<unknown>> = [];

  before(async () => {
    database = await AccountDatabase.create();
  });

  after(() => database.close());

  afterEach(async () => {
    for (const close of toClose.splice(0).reverse()) await close();
  });

  function open(
    changes: Partial<PostgresConfig> = {},
    timeouts?: Partial<PostgresTimeouts>,
  ): Kysely<unknown> {
    const db = openPostgres<unknown>({ ...database.config, ...changes }, timeouts);
    toClose.push(() => db.destroy());
    return db;
  }

  /** A port on loopback where something else than PostgreSQL listens. */
  async function listen(onConnection: (socket: Socket) => void): Promise<Partial<PostgresConfig>> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      onConnection(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    toClose.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  const one = (db: Kysely<unknown>) => sql<{ one: number }>`select 1 as one`.execute(db);

  it('is closed in the midst of a query that is never answered', async () => {
    const proxy = await startProxy(urlOf(database.config));
    toClose.push(() => proxy.close());
    const db = openPostgres<unknown>({ ...configOf(proxy.url), sslMode: 'disable' });
    await one(db);
    proxy.blackhole();
    const failing = failureOf(one(db));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const begin = performance.now();
    await db.destroy();
    expect(performance.now() - begin, 'milliseconds').to.be.below(1_000);
    expect((await failing).reason).to.equal('unreachable');
  });

  it('rests: has no connection until the next query, which makes another', async () => {
    const { db, rest } = openConnection<unknown>(database.config);
    toClose.push(() => db.destroy());
    const backend = async () =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid;
    const first = await backend();
    expect(await backend()).to.equal(first);
    rest();
    rest();
    expect(await one(db))
      .to.have.property('rows')
      .deep.equal([{ one: 1 }]);
    if (engines.kind === 'embedded') return; // where all connections are of one process
    expect(await backend()).not.to.equal(first);
    await until('the first one is gone', async () => {
      const alive = await sql`select from pg_stat_activity where pid = ${first}`.execute(db);
      return alive.rows.length === 0;
    });
  });

  it('serves queries and transactions, those of one moment one after the other', async () => {
    const db = open();
    const replies = await Promise.all([one(db), db.transaction().execute(one), one(db)]);
    expect(replies.map(({ rows }) => rows)).to.deep.equal(Array(3).fill([{ one: 1 }]));
    await requireSupportedServer(db);
  });

  it('asks the pooler in between for nothing that one may not know', async () => {
    const startup = new Promise<string>((resolve) => {
      void listen((socket) => socket.once('data', (data) => resolve(data.subarray(8).toString()))).then(
        (address) =>
          one(open({ ...address, sslMode: 'disable', user: 'ana', database: 'db' })).catch(() => {}),
      );
    });
    const fields = (await startup).split('\0').filter((_, index) => index % 2 === 0);
    expect(fields.filter(Boolean)).to.have.members([
      'user',
      'database',
      'application_name',
      'client_encoding',
    ]);
  });

  it('asks for TLS under prefer, and goes on in the same connection where there is none', async () => {
    const proxy = await startProxy(urlOf(database.config));
    toClose.push(() => proxy.close());
    const db = open({ ...configOf(proxy.url), sslMode: 'prefer' });
    expect((await one(db)).rows).to.deep.equal([{ one: 1 }]);
    const asked = proxy.messages.filter(({ from }) => from === 'client').map(({ name }) => name);
    expect(asked.slice(0, 2)).to.deep.equal(['encryption?', 'startup']);
    expect(proxy.connections).to.equal(1);
  });

  describe('that cannot be made', () => {
    it('is unreachable where nothing listens', async () => {
      const failure = await failureOf(one(open({ host: '127.0.0.1', port: 1 })));
      expect(failure).to.include({ reason: 'unreachable', exitCode: 69 });
      expect(failure.cause).to.equal(undefined);
      expect(failure.params).to.deep.equal({
        engine: 'postgres',
        server: `127.0.0.1:1/${database.config.database}`,
        detail: 'ECONNREFUSED',
      });
    });

    it('is unreachable where there is no such socket, or no such name', async () => {
      const socket = await failureOf(one(open({ host: '/nonexistent', port: 5432 })));
      expect(socket).to.include({ reason: 'unreachable' });
      expect(socket.params).to.include({ detail: 'ENOENT' });
      expect(await failureOf(one(open({ host: 'no-such-host.invalid' })))).to.include({
        reason: 'unreachable',
      });
    });

    it('is unreachable, soon, where nobody answers', async () => {
      for (const sslMode of ['disable', 'prefer'] as const) {
        const silent = await listen(() => {});
        const start = performance.now();
        const failure = await failureOf(one(open({ ...silent, sslMode }, { connectMs: 1000 })));
        expect(performance.now() - start).to.be.within(900, 1900);
        expect(failure).to.include({ reason: 'unreachable' });
        expect(failure.params).to.include({ detail: 'connect_timeout' });
      }
    });

    it('is unreachable where it is ended at once', async () => {
      const failure = await failureOf(one(open({ ...(await listen((socket) => socket.destroy())) })));
      expect(failure).to.include({ reason: 'unreachable' });
    });

    it('is misconfigured where something else answers', async () => {
      for (const sslMode of ['prefer', 'require'] as const) {
        const redis = await listen((socket) =>
          socket.once('data', () => socket.write('-ERR unknown command\r\n')),
        );
        const failure = await failureOf(one(open({ ...redis, sslMode })));
        expect(failure).to.include({ reason: 'misconfigured', exitCode: 78 });
        expect(failure.params).to.include({ detail: 'not_postgres' });
      }
    });

    it('is misconfigured where TLS is required of a server without it, or its root certificate is not there', async () => {
      const failure = await failureOf(one(open({ sslMode: 'verify-full' })));
      expect(failure).to.include({ reason: 'misconfigured' });
      expect(failure.params).to.include({ detail: 'tls_not_supported' });
      const missing = await failureOf(() =>
        open({ sslMode: 'verify-ca', sslRootCert: '/nonexistent/ca.pem' }),
      );
      expect(missing).to.include({ reason: 'misconfigured' });
      expect(missing.params).to.include({ detail: 'root_cert_unreadable', path: '/nonexistent/ca.pem' });
    });

    if (engines.kind === 'servers') {
      it('is misconfigured by a wrong or missing password and an unknown database or user, none of which it repeats', async () => {
        const details: Array<[Partial<PostgresConfig>, string]> = [
          [{ password: 'wr0ng' }, '28P01'],
          [{ password: '' }, 'no_password'],
          [{ user: 'nobody-here' }, '28P01'],
          [{ database: 'not-here' }, '3D000'],
        ];
        for (const [changes, detail] of details) {
          const failure = await failureOf(one(open(changes)));
          expect(failure).to.include({ reason: 'misconfigured' });
          expect(failure.params).to.include({ detail });
          expect(JSON.stringify(failure) + failure.stack).not.to.contain('wr0ng');
        }
      });
    }
  });

  describe('that refuses a statement', () => {
    it('says that tables are missing', async () => {
      for (const statement of [
        'select * from nowhere',
        'select nothing from pg_class',
        'create table nowhere.x ()',
      ]) {
        expect(await failureOf(sql.raw(statement).execute(open()))).to.include({ reason: 'tables_missing' });
      }
    });

    it('refuses work where it lets nobody write', async () => {
      const writing = open()
        .transaction()
        .setAccessMode('read only')
        .execute((transaction) => sql`create table t ()`.execute(transaction));
      const failure = await failureOf(writing);
      expect(failure).to.include({ reason: 'refusing_work', exitCode: 69 });
      expect(failure.params).to.include({ detail: '25006' });
    });

    it('owns up to a mistake of ours', async () => {
      const failure = await failureOf(sql.raw('selec 1').execute(open()));
      expect(failure).to.include({ reason: 'internal' });
      expect(failure.params).to.include({ detail: '42601' });
    });

    it('stays usable, and keeps nothing of a transaction that failed', async () => {
      const db = open();
      const failing = db.transaction().execute(async (transaction) => {
        await sql`create table half_done ()`.execute(transaction);
        await sql`select 1 / 0`.execute(transaction);
      });
      expect((await failureOf(failing)).params).to.include({ detail: '22012' });
      expect((await sql`select to_regclass('half_done') as made`.execute(db)).rows).to.deep.equal([
        { made: null },
      ]);
    });

    if (engines.kind === 'servers') {
      it('is misconfigured where the user may not', async () => {
        await database.run(`create role reader login password 'reader'`);
        try {
          const reader = open({ user: 'reader', password: 'reader' });
          const failure = await failureOf(sql`select pg_read_file('/etc/passwd')`.execute(reader));
          expect(failure).to.include({ reason: 'misconfigured' });
          expect(failure.params).to.include({ detail: '42501' });
          await reader.destroy();
        } finally {
          await database.run('drop role reader');
        }
      });
    }
  });

  describe('that breaks', () => {
    it('is unreachable, and the next query makes another', async () => {
      const proxy = await startProxy(urlOf(database.config));
      toClose.push(() => proxy.close());
      const db = open({ ...configOf(proxy.url), sslMode: 'disable' });
      await one(db);
      for (const ending of ['reset', 'close'] as const) {
        proxy.cutAfterCommands(1, { ending });
        expect(await failureOf(one(db))).to.include({ reason: 'unreachable' });
        await proxy.heal();
        await one(db);
      }
    });

    it('is given up in the midst of a transaction after one timeout, not one for each statement', async () => {
      const proxy = await startProxy(urlOf(database.config));
      toClose.push(() => proxy.close());
      const db = open({ ...configOf(proxy.url), sslMode: 'disable' }, { queryMs: 400 });
      let start = 0;
      const stalled = db.transaction().execute(async (transaction) => {
        proxy.blackhole();
        start = performance.now();
        await one(transaction as unknown as Kysely<unknown>);
      });
      const failure = await failureOf(stalled);
      expect(performance.now() - start).to.be.within(350, 750);
      expect(failure).to.include({ reason: 'unreachable' });
      expect(failure.params).to.include({ detail: 'query_timeout' });
      await proxy.heal();
      await one(db);
    });

    it('while nobody waits for it, is made again', async () => {
      const engine = await engines.ownPostgres();
      toClose.push(() => engine.dispose());
      const db = open({ ...configOf(engine.url) });
      await one(db);
      await engine.stop();
      expect(await failureOf(one(db))).to.include({ reason: 'unreachable' });
      await engine.start();
      await one(db);
    });
  });
});
