/**
 * The child process around one embedded engine: `embedded-host.ts redis|memory|disk <port> <folder>`, the last two
 * being PostgreSQL with its data in memory or in the folder. It lives as long as the channel to its parent, so an
 * interrupted run of the suite takes its engines along.
 *
 * The engines are those of the product, which serve on a unix socket: a door on a loopback port leads there, since
 * the suite treats them as the servers that they stand in for.
 */
import { existsSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { PGlite } from '@electric-sql/pglite';
import { PostgresServer } from '../../../src/lib/local/postgres-server.ts';
import { startValkey } from '../../../src/lib/local/valkey.ts';
import { pristineDatabase } from './pristine-database.ts';

const [kind, port, folder = ''] = process.argv.slice(2);
const socket = join(folder, 'socket');

async function serve(): Promise<void> {
  // A killed predecessor leaves its own behind.
  rmSync(socket, { force: true });
  await (kind === 'redis' ? serveRedis() : servePostgres(kind === 'disk' ? join(folder, 'data') : undefined));
  await openDoor();
  process.send?.('ready');
}

async function serveRedis(): Promise<void> {
  await startValkey({ socket, onCrash: fail });
}

async function servePostgres(dataDir: string | undefined): Promise<void> {
  const isNew = dataDir === undefined || !existsSync(dataDir);
  const database = await PGlite.create({
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(isNew ? { loadDataDir: await pristineDatabase() } : {}),
  });
  const backend = {
    async execute(bytes: Uint8Array) {
      const parts: Uint8Array[] = [];
      // The parts are views of the engine's memory, which it reuses.
      await database.execProtocolRawStream(bytes, { onRawData: (part) => void parts.push(part.slice()) });
      return { reply: Buffer.concat(parts), inTransaction: database.isInTransaction() };
    },
  };
  await new PostgresServer({ socket, backend: async () => backend }).listen();
}

function openDoor(): Promise<void> {
  const door = createServer((client) => {
    const engine = connect(socket);
    // Whichever goes away first takes the other along.
    pipeline(client, engine, client, () => {});
  });
  return new Promise((resolve, reject) => {
    door.once('error', reject);
    door.listen(Number(port), '127.0.0.1', resolve);
  });
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1));
}

process.once('disconnect', () => process.exit());
serve().catch(fail);
