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

/** What is to go wrong at a proxy, for all of its connections together. */
export class Faults {
  delayMs = 0;
  blackholed = false;
  /** Replies that are given in the server's stead, by the name of the command in upper case. */
  readonly answers = new Map<string, string>();
  #cut: Cut | undefined;

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
  }
}
