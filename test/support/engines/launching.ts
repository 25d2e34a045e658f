import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const KEPT_OUTPUT = 4000;

/** Below the ranges from which systems take ports for outgoing connections, which would get into the way. */
const PORTS = { from: 20_000, to: 30_000 };
const handedOut = new Set<number>();

/** A loopback port that nobody listened on a moment ago, and that this process hands out once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
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
