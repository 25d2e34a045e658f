/**
 * The child process around one embedded engine: `embedded-host.ts redis|postgres <port> [data folder]`.
 * It lives as long as the channel to its parent, so an interrupted test run takes its engines along.
 */
import { existsSync } from 'node:fs';

const [kind, port, dataFolder] = process.argv.slice(2);

process.once('disconnect', () => process.exit());

async function serveRedis(): Promise<void> {
  const { serveValkey } = await import('./embedded-valkey.ts');
  await serveValkey(Number(port));
}

async function servePostgres(): Promise<void> {
  const { PGlite } = await import('@electric-sql/pglite');
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
  const { pristineDatabase } = await import('./pristine-database.ts');
  const inUse = dataFolder !== undefined && existsSync(dataFolder);
  const db = await PGlite.create({
    ...(dataFolder === undefined ? {} : { dataDir: dataFolder }),
    ...(inUse ? {} : { loadDataDir: await pristineDatabase() }),
  });
  await new PGLiteSocketServer({ db, port: Number(port), maxConnections: 200 }).start();
  process.send?.('ready');
}

const serve = kind === 'redis' ? serveRedis : servePostgres;
serve().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1));
});
