import { createServer, type Server, type Socket } from 'node:net';
import { type ClientRequest, fatalError, RequestReader, rollbackMessage } from './postgres-messages.ts';

/** The one backend that all clients share: it can do one thing at a time. */
export interface PostgresBackend {
  /**
   * Has the backend read these bytes of the wire protocol.
   * @returns what it answers, and whether a transaction is open now.
   * @throws Error if the backend is gone.
   */
  execute(bytes: Uint8Array): Promise<{ reply: Uint8Array; inTransaction: boolean }>;
}

export interface PostgresServerOptions {
  /** Path of the unix socket, named `.s.PGSQL.<port>`. */
  socket: string;
  /** Starts the backend, or returns the one that runs. Called for every client. */
  backend: () => Promise<PostgresBackend>;
  /** Called after every connect and disconnect. */
  onConnectionsChanged?: () => void;
  maxConnections?: number;
  /** A client that leaves a transaction open for so long without a word is cut off. Milliseconds. */
  idleInTransactionMs?: number;
}

/**
 * Lets any number of PostgreSQL clients use one backend that has no notion of several. A client has its turn
 * from its first message until nothing of it is pending and no transaction is open; the others wait in order.
 * (pglite-socket, which does this too, lets a client that is silent in a transaction block the rest, and
 * stops answering everybody after one call that fails.)
 */
export class PostgresServer {
  readonly #options: Required<PostgresServerOptions>;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  /** Settles when the turn that was given out last has ended. */
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(options: PostgresServerOptions) {
    this.#options = {
      onConnectionsChanged: () => {},
      maxConnections: 100,
      idleInTransactionMs: 10_000,
      ...options,
    };
    this.#server = createServer((socket) => void this.#serve(socket));
  }

  /** How many clients are connected now. */
  get connections(): number {
    return this.#clients.size;
  }

  /** @throws the error of `listen`. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.socket, resolve);
    });
  }

  /** Stops listening (the socket file goes) and drops every client. */
  close(): void {
    this.#server.close();
    for (const socket of this.#clients) socket.destroy();
  }

  async #serve(socket: Socket): Promise<void> {
    // A client that goes away ends the reading below; there is nobody left to be told.
    socket.on('error', () => {});
    if (this.#clients.size >= this.#options.maxConnections) {
      socket.end(fatalError('53300', 'too many connections'));
      return;
    }
    this.#clients.add(socket);
    socket.once('close', () => {
      this.#clients.delete(socket);
      this.#options.onConnectionsChanged();
    });
    this.#options.onConnectionsChanged();

    const session = new ClientSession(socket, this.#options, () => this.#takeTurn());
    const reader = new RequestReader();
    try {
      // Leaving the loop must not cut off the answer that says why.
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        for (const request of reader.read(chunk)) {
          if (!(await session.handle(request))) return;
        }
      }
    } catch (error) {
      session.refuse('08P01', (error as Error).message);
    } finally {
      await session.end();
      socket.destroySoon();
    }
  }

  /** Waits for the turn and returns the function that ends it. */
  async #takeTurn(): Promise<() => void> {
    const before = this.#lastTurn;
    let end: () => void = () => {};
    this.#lastTurn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}

/** One client of the server. */
class ClientSession {
  readonly #socket: Socket;
  readonly #options: Required<PostgresServerOptions>;
  readonly #takeTurn: () => Promise<() => void>;
  /** A transaction must end in the backend that it began in, even if that one is gone. */
  #turn: { backend: PostgresBackend; end: () => void } | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: Required<PostgresServerOptions>, takeTurn: () => Promise<() => void>) {
    this.#socket = socket;
    this.#options = options;
    this.#takeTurn = takeTurn;
  }

  /** Does what the client asks for; false if it wants nothing more. */
  async handle(request: ClientRequest): Promise<boolean> {
    switch (request.kind) {
      case 'encryption':
        this.#socket.write('N');
        return true;
      case 'cancel':
      case 'terminate':
        return false;
      case 'startup':
        return this.#execute(request.bytes, true);
      case 'batch':
        return this.#execute(request.bytes, request.complete);
    }
  }

  /** Takes back what the client has left open, and lets the next one have its turn. */
  async end(): Promise<void> {
    clearTimeout(this.#idleTimer);
    if (this.#turn === undefined) return;
    try {
      await this.#turn.backend.execute(rollbackMessage);
    } catch {
      // The backend is gone, and the transaction with it.
    } finally {
      this.#giveTurnBack();
    }
  }

  async #execute(bytes: Uint8Array, complete: boolean): Promise<boolean> {
    clearTimeout(this.#idleTimer);
    if (this.#turn === undefined) {
      const end = await this.#takeTurn();
      try {
        // It may have left while it waited.
        if (this.#socket.destroyed) throw new Error('the client has left');
        this.#turn = { backend: await this.#options.backend(), end };
      } catch {
        end();
        this.refuse('57P03', 'the embedded PostgreSQL could not be started');
        return false;
      }
    }
    let answer: Awaited<ReturnType<PostgresBackend['execute']>>;
    try {
      answer = await this.#turn.backend.execute(bytes);
    } catch {
      this.refuse('57P02', 'the embedded PostgreSQL has crashed');
      return false;
    }
    this.#socket.write(answer.reply);
    if (complete && !answer.inTransaction) this.#giveTurnBack();
    else this.#idleTimer = setTimeout(() => this.#cutOff(), this.#options.idleInTransactionMs);
    return true;
  }

  #giveTurnBack(): void {
    this.#turn?.end();
    this.#turn = undefined;
  }

  #cutOff(): void {
    const message = fatalError('25P03', 'terminating connection due to idle-in-transaction timeout');
    this.#socket.write(message, () => this.#socket.destroy());
  }

  /** Tells the client why its connection ends, and ends it. `code` is an SQLSTATE. */
  refuse(code: string, message: string): void {
    if (!this.#socket.destroyed) this.#socket.end(fatalError(code, message));
  }
}
