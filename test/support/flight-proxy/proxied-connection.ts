import { connect, type Socket } from 'node:net';
import type { Faults } from './faults.ts';
import type { Framing } from './framing.ts';

/** How long the server may take over commands whose replies are going to be withheld. */
const LAST_WORDS_MS = 100;

/** What is sent instead of a command that the server is not to see: it has one reply, which is replaced. */
const STAND_IN = '*1\r\n$4\r\nPING\r\n';

export interface ConnectionOptions {
  client: Socket;
  target: { host: string; port: number };
  framing: Framing;
  faults: Faults;
  /** How long the client has to be silent before a reply reaches it. */
  settleMs: number;
  onFlight: () => void;
  onCommand: (command: string[]) => void;
}

/**
 * One client's connection through the proxy.
 *
 * Replies are held back until the client has been silent for a moment. Whatever it sends in that time it
 * sends without having read them, so it belongs to the same flight, however the kernel cuts it into pieces.
 */
export class ProxiedConnection {
  readonly #options: ConnectionOptions;
  readonly #server: Socket;
  readonly #held: Buffer[] = [];
  /** The replies to put in place of the server's, by the number of the command. */
  readonly #replacements = new Map<number, string>();
  #commands = 0;
  #replies = 0;
  #inFlight = false;
  #serverEnded = false;
  #cutting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, target } = options;
    this.#server = connect(target);
    for (const socket of [client, this.#server]) {
      socket.setNoDelay(true);
      // Both ends are told by the event that follows.
      socket.on('error', () => {});
    }
    client.on('data', (chunk) => this.#fromClient(chunk));
    client.on('end', () => this.#server.end());
    client.on('close', () => this.destroy());
    this.#server.on('data', (chunk) => this.#fromServer(chunk));
    this.#server.on('close', (failed) => this.#onServerClose(failed));
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#server.destroy();
    this.#options.client.destroy();
  }

  #fromClient(chunk: Buffer): void {
    const { faults, framing, onFlight } = this.#options;
    if (!this.#inFlight) {
      this.#inFlight = true;
      onFlight();
    }
    if (faults.blackholed || this.#cutting) return;
    for (const request of framing.requests(chunk)) this.#forward(request);
    if (this.#held.length > 0) this.#schedule();
  }

  #forward(request: Buffer): void {
    const { faults, framing, onCommand } = this.#options;
    if (this.#cutting) return;
    if (faults.left('commands') > 0) {
      const command = framing.describe(request);
      const replacement = faults.answers.get(command[0]?.toUpperCase() ?? '');
      if (replacement !== undefined) this.#replacements.set(this.#commands, replacement);
      this.#server.write(replacement === undefined ? request : STAND_IN);
      this.#commands += 1;
      onCommand(command);
      faults.spend('commands', 1);
    }
    if (faults.left('commands') === 0) {
      // What was let through is to take effect: the server gets to answer before the connection ends.
      this.#cutting = true;
      this.#timer = setTimeout(() => this.#cut(), LAST_WORDS_MS);
    }
  }

  #fromServer(chunk: Buffer): void {
    if (this.#options.faults.blackholed) return;
    this.#held.push(...this.#options.framing.replies(chunk));
    if (this.#held.length > 0 && !this.#timer) this.#schedule();
  }

  #schedule(): void {
    if (this.#cutting) return;
    clearTimeout(this.#timer);
    const { settleMs, faults } = this.#options;
    this.#timer = setTimeout(() => this.#deliver(), settleMs + faults.delayMs);
  }

  #deliver(): void {
    this.#timer = undefined;
    this.#inFlight = false;
    const goesOn = this.#held.splice(0).every((reply) => this.#deliverOne(reply));
    if (!goesOn) this.#cut();
    else if (this.#serverEnded) this.#options.client.end();
  }

  /** Passes a reply on, or the part of it that may pass. Returns whether the connection may go on. */
  #deliverOne(reply: Buffer): boolean {
    const { client, faults } = this.#options;
    if (faults.left('replies') === 0) return false;
    const replacement = this.#replacements.get(this.#replies++);
    const bytes = replacement === undefined ? reply : Buffer.from(replacement);
    const part = bytes.subarray(0, faults.left('reply bytes'));
    if (part.length > 0) client.write(part);
    faults.spend('reply bytes', part.length);
    faults.spend('replies', 1);
    return faults.left('replies') > 0 && faults.left('reply bytes') > 0;
  }

  #cut(): void {
    const { client, faults } = this.#options;
    this.#cutting = true;
    const ending = faults.takeEnding();
    if (ending === 'reset') client.resetAndDestroy();
    else client.end();
    if (ending === 'close') client.destroySoon();
    this.#server.destroy();
  }

  #onServerClose(failed: boolean): void {
    this.#serverEnded = true;
    if (this.#cutting) return;
    if (failed) this.#options.client.resetAndDestroy();
    else if (this.#held.length === 0) this.#options.client.end();
  }
}
