/** How a connection ends for the client. */
export type Ending =
  /** RST: what a crashed machine's kernel, or a firewall, says. */
  | 'reset'
  /** FIN: what a process that ended leaves behind. */
  | 'close'
  /** FIN, and the other direction stays open and is ignored. */
  | 'half-close';

export interface CutOptions {
  /** RST unless said. */
  ending?: Ending;
  /** Whether later connections work again; unless said they end as soon as they say something. */
  once?: boolean;
}

/** What is counted down to the cut. */
export type Unit = 'commands' | 'replies' | 'reply bytes';

interface Cut extends Required<CutOptions> {
  unit: Unit;
  left: number;
}

/** Something that happens at a message boundary, once. */
export interface Interruption {
  /** Done after the server had time to answer what has reached it, while nothing passes in either direction. */
  act?: () => unknown;
  /** How the connection that got there goes on; other connections are not touched. */
  next:
    | 'resume'
    /** It hears nothing from the server any more: what was under way is lost. */
    | 'deafen'
    | 'reset'
    /** Half of the server's next message still gets through. */
    | 'tear';
}

/** What is to go wrong at a proxy, for all of its connections together. */
export class Faults {
  delayMs = 0;
  blackholed = false;
  /** Replies that are given in the server's stead, by the name of the command in upper case. */
  readonly answers = new Map<string, string>();
  #cut: Cut | undefined;
  #interruption: (Interruption & { left: number }) | undefined;

  /** @param messages how many pass before it, in both directions together */
  interruptAfter(messages: number, interruption: Interruption): void {
    this.#interruption = { ...interruption, left: messages };
  }

  /** Called for each message that has passed. */
  countMessage(): void {
    if (this.#interruption) this.#interruption.left -= 1;
  }

  /** Called by the connection that is at a boundary: what happens there. */
  takeInterruption(): Interruption | undefined {
    const due = this.#interruption?.left === 0 ? this.#interruption : undefined;
    if (due) this.#interruption = undefined;
    return due;
  }

  cutAfter(unit: Unit, count: number, { ending = 'reset', once = false }: CutOptions = {}): void {
    this.#cut = { unit, left: count, ending, once };
  }

  /** How many more of a unit may pass. */
  left(unit: Unit): number {
    return this.#cut?.unit === unit ? this.#cut.left : Number.POSITIVE_INFINITY;
  }

  spend(unit: Unit, count: number): void {
    if (this.#cut?.unit === unit) this.#cut.left = Math.max(0, this.#cut.left - count);
  }

  /** Called by the connection that is about to end: says how, and heals what was meant to happen once. */
  takeEnding(): Ending {
    const ending = this.#cut?.ending ?? 'reset';
    if (this.#cut?.once) this.#cut = undefined;
    return ending;
  }

  heal(): void {
    this.delayMs = 0;
    this.blackholed = false;
    this.answers.clear();
    this.#cut = undefined;
    this.#interruption = undefined;
  }
}
