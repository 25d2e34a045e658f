import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const KEPT_OUTPUT = 4000;

/** A loopback port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/**
 * Resolves with the child once `answers` holds. A child that ends before that, or takes too long, is a
 * failure that repeats the child's last output.
 */
export async function untilReady(
  child: ChildProcess,
  answers: () => Promise<boolean>,
): Promise<ChildProcess> {
  let output = '';
  let ended: string | undefined;
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended ??= `ended with ${signal ?? code}`;
  });

  const deadline = Date.now() + PATIENCE_MS;
  while (ended === undefined && Date.now() < deadline) {
    if (await answers()) return child;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnfile} ${ended ?? 'does not answer'}:\n${output}`);
}
