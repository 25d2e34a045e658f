import { connect } from 'node:net';

/**
 * Sends one command on a connection of its own and returns the first line of the reply, as `+OK` or `:1`.
 * @param socket path of Valkey's unix socket
 * @param limitMs gives up after so many milliseconds
 * @throws Error if nothing answers in time.
 */
export function valkeyCommand(socket: string, args: readonly string[], limitMs: number): Promise<string> {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    const timer = setTimeout(() => connection.destroy(new Error('no answer')), limitMs);
    let reply = '';
    connection.setEncoding('latin1');
    connection.on('connect', () => connection.write(`*${args.length}\r\n${parts.join('')}`));
    connection.on('data', (text) => {
      reply += text;
      const end = reply.indexOf('\r\n');
      if (end < 0) return;
      resolve(reply.slice(0, end));
      connection.destroy();
    });
    connection.on('error', reject);
    connection.on('close', () => {
      clearTimeout(timer);
      reject(new Error('closed without an answer'));
    });
  });
}
