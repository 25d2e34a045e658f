import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineFactory, FreshDatabase, RedisOptions } from './engine-factory.ts';
import { EngineProcess } from './engine-process.ts';
import { freePort, untilReady } from './launching.ts';
import { secure } from './redis-setup.ts';

/** Real Valkey and real PostgreSQL in WebAssembly, each in a child process, so that a busy test does not slow them. */
export const embedded: EngineFactory = { startRedis, startPostgres, createDatabase };

function startRedis(options: RedisOptions = {}): Promise<EngineProcess> {
  return start('redis', 'redis://127.0.0.1', '', (port) => secure(port, options));
}

/** Its data is on disk, so accounts outlive a restart. */
function startPostgres(): Promise<EngineProcess> {
  return start('disk', 'postgresql://postgres:postgres@127.0.0.1', '/postgres');
}

/** An engine holds one database: a fresh one is an engine of its own, in memory. */
async function createDatabase(): Promise<FreshDatabase> {
  const engine = await start('memory', 'postgresql://postgres:postgres@127.0.0.1', '/postgres');
  return { url: engine.url, drop: () => engine.dispose() };
}

async function start(
  kind: 'redis' | 'memory' | 'disk',
  origin: string,
  path: string,
  prepare?: (port: number) => Promise<void>,
): Promise<EngineProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'airbnb-engine-'));
  const port = await freePort();
  return EngineProcess.start({
    port,
    url: `${origin}:${port}${path}`,
    launch: () => launch(kind, String(port), folder),
    ...(prepare ? { prepare } : {}),
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}

function launch(...args: string[]): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'embedded-host.ts'), args, {
    execArgv: ['--import', 'tsx', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let ready = false;
  child.once('message', () => {
    ready = true;
  });
  return untilReady(child, async () => ready);
}
