import { connect, type Socket } from 'node:net';
import type { Faults, Interruption } from './faults.ts';
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
  onReply: () => void;
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
  #serverFailed = false;
  #cutting = false;
  /** Nothing passes, because something is about to happen. */
  #interrupted = false;
  /** Half of the next reply is the last that the client gets. */
  #tearing = false;
  /** Nothing of the server reaches the client any more. */
  #deaf = false;
  /** What the client sent while nothing passed. */
  readonly #waiting: Buffer[] = [];
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
    this.#interruptIfDue();
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
    if (this.#cutting || faults.blackholed) return;
    if (this.#interrupted) {
      this.#waiting.push(request);
      return;
    }
    if (faults.left('commands') > 0) {
      const command = framing.describe(request);
      const replacement = faults.answers.get(command[0]?.toUpperCase() ?? '');
      if (replacement !== undefined) this.#replacements.set(this.#commands, replacement);
      this.#server.write(replacement === undefined ? request : STAND_IN);
      this.#commands += 1;
      onCommand(command);
      faults.spend('commands', 1);
      this.#countMessage();
    }
    if (faults.left('commands') === 0) {
      // What was let through is to take effect: the server gets to answer before the connection ends.
      this.#cutting = true;
      this.#timer = setTimeout(() => this.#cut(), LAST_WORDS_MS);
    }
  }

  #fromServer(chunk: Buffer): void {
    if (this.#options.faults.blackholed || this.#deaf) return;
    this.#held.push(...this.#options.framing.replies(chunk));
    if (this.#held.length > 0 && !this.#timer) this.#schedule();
  }

  #schedule(): void {
    if (this.#cutting || this.#interrupted) return;
    clearTimeout(this.#timer);
    const { settleMs, faults } = this.#options;
    this.#timer = setTimeout(() => this.#deliver(), settleMs + faults.delayMs);
  }

  #deliver(): void {
    this.#timer = undefined;
    this.#inFlight = false;
    let goesOn = true;
    while (goesOn && this.#held.length > 0 && !this.#interrupted) {
      goesOn = this.#deliverOne(this.#held.shift() as Buffer);
    }
    if (!goesOn) this.#cut();
    else if (this.#serverEnded && !this.#interrupted) this.#options.client.end();
  }

  /** Passes a reply on, or the part of it that may pass. Returns whether the connection may go on. */
  #deliverOne(reply: Buffer): boolean {
    const { client, faults } = this.#options;
    if (faults.left('replies') === 0) return false;
    if (this.#tearing) {
      client.write(reply.subarray(0, Math.floor(reply.length / 2)));
      return false;
    }
    const replacement = this.#replacements.get(this.#replies++);
    const bytes = replacement === undefined ? reply : Buffer.from(replacement);
    const part = bytes.subarray(0, faults.left('reply bytes'));
    if (part.length > 0) client.write(part);
    faults.spend('reply bytes', part.length);
    faults.spend('replies', 1);
    this.#options.onReply();
    this.#countMessage();
    return faults.left('replies') > 0 && faults.left('reply bytes') > 0;
  }

  #countMessage(): void {
    this.#options.faults.countMessage();
    this.#interruptIfDue();
  }

  #interruptIfDue(): void {
    const due = this.#options.faults.takeInterruption();
    if (!due) return;
    this.#interrupted = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#interrupt(due), LAST_WORDS_MS);
  }

  async #interrupt({ act, next }: Interruption): Promise<void> {
    this.#deaf = next === 'deafen';
    this.#tearing = next === 'tear';
    if (this.#deaf) this.#held.length = 0;
    await act?.();
    this.#interrupted = false;
    this.#timer = undefined;
    if (next === 'reset') {
      this.#cut();
      return;
    }
    for (const request of this.#waiting.splice(0)) this.#forward(request);
    if (this.#held.length > 0) this.#schedule();
    if (this.#serverEnded) this.#onServerClose(this.#serverFailed);
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
    this.#serverFailed = failed;
    if (this.#cutting || this.#interrupted) return;
    if (failed) this.#options.client.resetAndDestroy();
    else if (this.#held.length === 0) this.#options.client.end();
  }
}
