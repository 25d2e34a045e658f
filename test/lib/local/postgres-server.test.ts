import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Client } from 'pg';
import { archiveName } from '../../../src/lib/local/postgres-archive.ts';
import { PGliteBackend } from '../../../src/lib/local/postgres-backend.ts';
import { PostgresServer } from '../../../src/lib/local/postgres-server.ts';
import { hostScript } from './support/scripts.ts';

describe('the embedded PostgreSQL', () => {
  let folder: string;
  let backend: PGliteBackend;
  let server: PostgresServer;
  let clients: Client[];
  const events: string[] = [];

  const open = async () => {
    const client = new Client({ host: folder, port: 5432, user: 'airbnb', database: 'postgres' });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  };

  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'airbnb-postgres-'));
    const script = await hostScript();
    backend = new PGliteBackend({
      script,
      folder: join(folder, 'postgres'),
      archive: join(dirname(script), archiveName),
      onEvent: ({ kind }) => events.push(kind),
      longestCallMs: 3000,
    });
    server = new PostgresServer({
      socket: join(folder, '.s.PGSQL.5432'),
      backend: () => backend.get(),
      maxConnections: 40,
      idleInTransactionMs: 300,
    });
    await server.listen();
    clients = [];
    await (await open()).query('CREATE TABLE counter AS SELECT 0 AS value');
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
  });

  after(async () => {
    server.close();
    await backend.close();
    rmSync(folder, { recursive: true });
  });

  it('starts with its first client', async () => {
    expect(events).to.deep.equal(['starting', 'ready']);
    await (await open()).query('SELECT 1');
    expect(events).to.have.length(2);
  });

  it('gives each client its own answers', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, open));
    await Promise.all(
      all.map(async (client, i) => {
        for (let k = 0; k < 20; k++) {
          // Of different shapes and sizes, so that messages of different clients are cut up and interleave.
          const text = `${i}/${k}`.repeat(k % 5 === 0 ? 40_000 : 1);
          const sql = k % 2 === 0 ? 'SELECT $1::text AS value' : 'SELECT $1::text AS value, 1 AS other';
          expect((await client.query(sql, [text])).rows[0].value).to.equal(text);
        }
      }),
    );
  });

  it('keeps transactions apart', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, open));
    await all[0]?.query('UPDATE counter SET value = 0');
    await Promise.all(
      all.map(async (client) => {
        await client.query('BEGIN');
        const { rows } = await client.query('SELECT value FROM counter');
        await sleep(1);
        await client.query('UPDATE counter SET value = $1', [rows[0].value + 1]);
        await client.query('COMMIT');
      }),
    );
    expect((await all[0]?.query('SELECT value FROM counter'))?.rows).to.deep.equal([{ value: 20 }]);
  });

  it('goes on after an error, in a transaction too', async () => {
    const client = await open();
    expect(await codeOf(client.query('SELECT * FROM nowhere'))).to.equal('42P01');
    await client.query('BEGIN');
    expect(await codeOf(client.query('SELECT $1::int', ['x']))).to.equal('22P02');
    expect(await codeOf(client.query('SELECT 1'))).to.equal('25P02');
    await client.query('ROLLBACK');
    expect((await client.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('cuts off a client that is silent in a transaction, and takes it back', async () => {
    const silent = await open();
    const ended = new Promise((resolve) => silent.once('error', resolve));
    await silent.query('BEGIN');
    await silent.query('UPDATE counter SET value = -1');
    const other = await open();
    expect((await other.query('SELECT value FROM counter')).rows[0].value).not.to.equal(-1);
    expect(await ended).to.include({ code: '25P03' });
  });

  it('takes back the transaction of a client that goes away', async () => {
    const leaving = await open();
    await leaving.query('BEGIN');
    await leaving.query('UPDATE counter SET value = -1');
    const other = open();
    await leaving.end();
    expect((await (await other).query('SELECT value FROM counter')).rows[0].value).not.to.equal(-1);
  });

  it('lets a client be idle outside of a transaction', async () => {
    const client = await open();
    await sleep(500);
    expect((await client.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('refuses clients beyond its limit', async () => {
    await Promise.all(Array.from({ length: 40 }, open));
    expect(await codeOf(open())).to.equal('53300');
  });

  it('refuses encryption, and what is not its protocol', async () => {
    const answer = (bytes: number[]) =>
      new Promise<string>((resolve) => {
        const socket = connect(join(folder, '.s.PGSQL.5432'));
        socket.once('data', (data) => {
          resolve(data.toString('latin1'));
          socket.destroy();
        });
        socket.write(Buffer.from(bytes));
      });
    expect(await answer([0, 0, 0, 8, 4, 210, 22, 47])).to.equal('N');
    expect(await answer([...Buffer.from('GET / HTTP/1.1\r\n\r\n')])).to.include('C08P01');
  });

  it('gives up what never ends, and starts again with what was committed', async () => {
    const client = await open();
    await client.query('UPDATE counter SET value = 7');
    expect(await codeOf(client.query('DO $$ BEGIN LOOP END LOOP; END $$'))).to.equal('57P02');
    expect((await (await open()).query('SELECT value FROM counter')).rows).to.deep.equal([{ value: 7 }]);
    expect(events).to.deep.equal(['starting', 'ready', 'failed', 'starting', 'ready']);
  });
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );
}
