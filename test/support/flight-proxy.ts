import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type CutOptions, Faults, type Interruption } from './flight-proxy/faults.ts';
import { framingFor } from './flight-proxy/framing.ts';
import { ProxiedConnection } from './flight-proxy/proxied-connection.ts';

export interface ProxyOptions {
  /** How long a client has to be silent before replies reach it, so that its flights are told apart. */
  settleMs?: number;
}

/** One message that was passed on. */
export interface Message {
  from: 'client' | 'server';
  /** Of a client's: its command's name, or the letter of PostgreSQL's protocol. */
  name: string;
}

/** Puts a proxy in front of the Redis or PostgreSQL at a URL; whoever asked for it closes it. */
export async function startProxy(targetUrl: string, options?: ProxyOptions): Promise<FlightProxy> {
  const proxy = new FlightProxy(targetUrl, options);
  await proxy.open();
  return proxy;
}

/**
 * Stands between a client and a server, counts flights, records commands and makes things go wrong.
 *
 * A flight is what a client sends before it waits for a reply. A fault holds from the moment it is asked for,
 * for open connections too, until `heal` or `reset`. Counts are of all connections together.
 */
export class FlightProxy {
  flights = 0;
  connections = 0;
  /** What was passed on to the server, as name and arguments: `['GET', 'key']`. Nothing of what is in TLS. */
  commands: string[][] = [];
  /** What was passed on in both directions, in order. */
  messages: Message[] = [];
  readonly #target: URL;
  readonly #settleMs: number;
  readonly #faults = new Faults();
  readonly #open = new Set<ProxiedConnection>();
  #listener: Server | undefined;
  #port = 0;

  constructor(targetUrl: string, { settleMs = 15 }: ProxyOptions = {}) {
    this.#target = new URL(targetUrl);
    this.#settleMs = settleMs;
  }

  get port(): number {
    return this.#port;
  }

  /** The server's URL with the proxy's address in it. */
  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  /** Listens (again) on its port. */
  async open(): Promise<void> {
    if (this.#listener) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }

  /** Forgets what was counted, and heals. */
  async reset(): Promise<void> {
    this.flights = 0;
    this.connections = 0;
    this.commands = [];
    this.messages = [];
    await this.heal();
  }

  /** Ends every fault. */
  async heal(): Promise<void> {
    this.#faults.heal();
    await this.open();
  }

  /** Holds every reply back for so long. */
  delay(ms: number): void {
    this.#faults.delayMs = ms;
  }

  /** Connections are accepted, and nothing gets through in either direction. */
  blackhole(): void {
    this.#faults.blackholed = true;
  }

  /** Connections are refused, and those that are open are cut. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    for (const connection of this.#open) connection.destroy();
    if (listener) await new Promise((resolve) => listener.close(resolve));
  }

  /** Ends the connection when so many commands have reached the server, with no reply to the last of them. */
  cutAfterCommands(count: number, options?: CutOptions): void {
    this.#faults.cutAfter('commands', count, options);
  }

  /** Ends the connection at a message boundary: behind so many replies. */
  cutAfterReplies(count: number, options?: CutOptions): void {
    this.#faults.cutAfter('replies', count, options);
  }

  /** Ends the connection behind so many bytes of replies, in the midst of a message or not. */
  cutAfterReplyBytes(count: number, options?: CutOptions): void {
    this.#faults.cutAfter('reply bytes', count, options);
  }

  /** Lets something happen behind so many messages of both directions; behind none: as soon as a client connects. */
  interruptAfter(messages: number, interruption: Interruption): void {
    this.#faults.interruptAfter(messages, interruption);
  }

  /** Answers a Redis command itself, without asking the server: `answer('EVAL', '-LOADING not yet')`. */
  answer(command: string, reply: string): void {
    this.#faults.answers.set(command.toUpperCase(), `${reply}\r\n`);
  }

  /** Cuts what is open and listens no more. */
  close(): Promise<void> {
    return this.refuse();
  }

  #accept(client: Socket): void {
    this.connections += 1;
    const { protocol, hostname, port } = this.#target;
    const connection = new ProxiedConnection({
      client,
      target: { host: hostname, port: Number(port) },
      framing: framingFor(protocol),
      faults: this.#faults,
      settleMs: this.#settleMs,
      onFlight: () => {
        this.flights += 1;
      },
      onCommand: (command) => {
        this.commands.push(command);
        this.messages.push({ from: 'client', name: command[0] ?? '' });
      },
      onReply: () => {
        this.messages.push({ from: 'server', name: '' });
      },
    });
    this.#open.add(connection);
    client.once('close', () => this.#open.delete(connection));
  }
}
