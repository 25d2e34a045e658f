import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisTarget } from '../src/lib/connections/redis.ts';
import { LocalEngines } from '../src/lib/local/local-engines.ts';

/** The product's own Valkey, in its host process behind its unix socket. */
export interface EmbeddedValkey {
  readonly target: RedisTarget;
  readonly pid: number;
  dispose(): Promise<void>;
}

export async function startEmbeddedValkey(): Promise<EmbeddedValkey> {
  const folder = mkdtempSync(join(tmpdir(), 'airbnb-bench-'));
  const engines = new LocalEngines({
    folder: join(folder, 'data'),
    logFolder: join(folder, 'state'),
    idleSeconds: 60,
    hostScript: join(__dirname, '..', 'dist', 'host.js'),
  });
  const dispose = async () => {
    await engines.stop();
    rmSync(folder, { recursive: true });
  };
  try {
    const { redisSocket, pid } = await engines.ensure();
    return { target: { socket: redisSocket }, pid, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
