import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Listens, says where, and halts itself: nobody accepts, and the queue of the kernel holds one connection or two. */
const LISTENER = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    process.kill(process.pid, 'SIGSTOP');
  });`;

/** More than the queue holds. */
const QUEUED = 8;

/**
 * A port on which connections are neither accepted nor refused, as behind a firewall that drops packets. Linux alone
 * does so when the queue of a listener is full.
 */
export class FullBacklog {
  readonly port: number;
  readonly #listener: ChildProcess;
  readonly #queued: Socket[];

  private constructor(listener: ChildProcess, port: number) {
    this.#listener = listener;
    this.port = port;
    this.#queued = Array.from({ length: QUEUED }, () => connect(port, '127.0.0.1').on('error', () => {}));
  }

  static async open(): Promise<FullBacklog> {
    const listener = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await once(listener.stdout as NonNullable<typeof listener.stdout>, 'data');
    const backlog = new FullBacklog(listener, Number(port));
    await Promise.race(backlog.#queued.map((socket) => once(socket, 'connect')));
    return backlog;
  }

  close(): void {
    for (const socket of this.#queued) socket.destroy();
    this.#listener.kill('SIGKILL');
  }
}
