import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { EngineFactory, FreshDatabase, RedisOptions } from './engine-factory.ts';
import { EngineProcess } from './engine-process.ts';
import { freePort, untilReady } from './launching.ts';
import { redisAnswers, secure } from './redis-setup.ts';

/** Real Valkey and real PostgreSQL in WebAssembly, each in a child process, so that a busy test does not slow them. */
export const embedded: EngineFactory = { startRedis, startPostgres, createDatabase };

function host(...args: string[]): ChildProcess {
  return fork(path.join(__dirname, 'embedded-host.ts'), args, {
    execArgv: ['--import', 'tsx', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function startRedis(options: RedisOptions = {}): Promise<EngineProcess> {
  const port = await freePort();
  return EngineProcess.start({
    port,
    url: `redis://127.0.0.1:${port}`,
    launch: async () => {
      const child = host('redis', String(port));
      await untilReady(child, () => redisAnswers(port));
      await secure(port, options);
      return child;
    },
  });
}

/** Its data folder is on disk, so accounts outlive a restart. */
async function startPostgres(): Promise<EngineProcess> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'airbnb-pglite-'));
  return postgres(path.join(folder, 'data'), () => rm(folder, { recursive: true, force: true }));
}

/** An engine holds one database: a fresh one is an engine of its own, in memory. */
async function createDatabase(): Promise<FreshDatabase> {
  const engine = await postgres();
  return { url: engine.url, drop: () => engine.dispose() };
}

async function postgres(dataFolder?: string, cleanUp?: () => Promise<void>): Promise<EngineProcess> {
  const port = await freePort();
  return EngineProcess.start({
    port,
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    launch: () => {
      const child = host('postgres', String(port), ...(dataFolder === undefined ? [] : [dataFolder]));
      let ready = false;
      child.once('message', () => {
        ready = true;
      });
      return untilReady(child, async () => ready);
    },
    ...(cleanUp ? { cleanUp } : {}),
  });
}
