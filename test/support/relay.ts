import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on this machine that seems to begin at another address. */
export interface Relay extends AsyncDisposable {
  readonly url: string;
}

/** @param from an address of this machine, of which Linux has all of 127.0.0.0/8 */
export async function startRelay(targetUrl: string, from: string): Promise<Relay> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect({ host: target.hostname, port: Number(target.port), localAddress: from });
    for (const [here, there] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(here);
      here.on('error', () => {}); // 'close' follows
      here.on('close', () => {
        sockets.delete(here);
        there.destroy();
      });
      here.pipe(there);
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  target.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: target.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
