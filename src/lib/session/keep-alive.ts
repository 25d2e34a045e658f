import { AppError } from '../errors.ts';
import { inTime } from '../in-time.ts';
import type { Session } from './session.ts';

/** What becomes of a session that is kept alive; each kind is told once at most. */
export type KeepAliveEvent =
  /** It cannot be refreshed just now, and is tried again. */
  | { readonly kind: 'interrupted'; readonly error: unknown }
  /** It is refreshed again. */
  | { readonly kind: 'resumed' }
  /** It has ended: `expired`, `revoked` or `corrupt`. It is tried no more. */
  | { readonly kind: 'ended'; readonly error: AppError }
  /** The same, found when nobody needs it any more. */
  | { readonly kind: 'found_ended'; readonly error: AppError };

export interface KeepAliveOptions {
  /** Refreshes the session. @throws AppError */
  readonly refresh: () => Promise<Session>;
  /** Looks at it without refreshing it. @throws AppError */
  readonly look: () => Promise<Session>;
  readonly onEvent: (event: KeepAliveEvent) => void;
}

/** A session is refreshed when a third of the time that it had left is over: two tries may fail. */
const TRIES_PER_LIFETIME = 3;
/** Milliseconds; for lifetimes of a second or less. */
const SHORTEST_PAUSE = 200;
/** Milliseconds. Another client may give a session that lasts for hours its own lifetime, and 90 seconds are usual. */
const LONGEST_PAUSE = 30_000;
/** The same between tries while the server is away. */
const LONGEST_PAUSE_OF_RETRIES = 2_000;
/** Milliseconds that the last look may take. */
const LAST_LOOK = 500;
/** Milliseconds after which the clock is looked at: timers stand still while the machine sleeps. */
const GLANCE = 1_000;

const ENDED = new Set(['expired', 'revoked', 'corrupt']);

const hasEnded = (error: unknown): error is AppError => error instanceof AppError && ENDED.has(error.reason);

/** Refreshes a session again and again, until it is stopped or the session has ended. Never fails. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #told = new Set<KeepAliveEvent['kind']>();
  #endsAt = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** @param session as it was refreshed just now */
  start(session: Session): void {
    void this.#keep(this.#note(session));
  }

  /** From here on nothing is refreshed. What is under way is not waited for. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /**
   * Stops, and looks once more: the session may have been revoked since it was refreshed last. What cannot be learned in
   * half a second is not told, nor what follows from a server that was away, which was told.
   */
  async finish(): Promise<void> {
    this.stop();
    if (this.#told.has('ended')) return;
    try {
      await inTime(this.#options.look(), LAST_LOOK);
    } catch (error) {
      if (!hasEnded(error) || (error.reason === 'expired' && this.#told.has('interrupted'))) return;
      this.#options.onEvent({ kind: 'found_ended', error });
    }
  }

  /** Milliseconds until the session ends by itself, as far as is known here; infinite for one without an end. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - Date.now());
  }

  async #keep(firstPause: number): Promise<void> {
    let pause = firstPause;
    let isInterrupted = false;
    for (;;) {
      await this.#rest(pause);
      if (this.#isStopped) return;
      try {
        pause = this.#note(await this.#refresh());
        if (isInterrupted) this.#tell({ kind: 'resumed' });
        isInterrupted = false;
      } catch (error) {
        if (hasEnded(error)) {
          this.#tell({ kind: 'ended', error });
          return;
        }
        this.#tell({ kind: 'interrupted', error });
        isInterrupted = true;
        pause = Math.min(pause, LONGEST_PAUSE_OF_RETRIES);
      }
    }
  }

  /** Tries twice: a connection on which nothing was said for long may have been cut, and the next one be sound. */
  async #refresh(): Promise<Session> {
    try {
      return await this.#options.refresh();
    } catch (error) {
      if (this.#isStopped || hasEnded(error)) throw error;
      return this.#options.refresh();
    }
  }

  /** Notes when the session will end. @returns milliseconds until it is refreshed next */
  #note({ expiresInMs }: Session): number {
    const lifetime = expiresInMs < 0 ? Number.POSITIVE_INFINITY : expiresInMs;
    this.#endsAt = Date.now() + lifetime;
    return Math.min(Math.max(lifetime / TRIES_PER_LIFETIME, SHORTEST_PAUSE), LONGEST_PAUSE);
  }

  #tell(event: KeepAliveEvent): void {
    if (this.#isStopped || this.#told.has(event.kind)) return;
    this.#told.add(event.kind);
    this.#options.onEvent(event);
  }

  /** Waits, by the clock that stands still while the machine sleeps or by the one that does not. */
  #rest(ms: number): Promise<void> {
    const [steadyEnd, wallEnd] = [performance.now() + ms, Date.now() + ms];
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const look = () => {
        const left = Math.min(steadyEnd - performance.now(), wallEnd - Date.now());
        if (left <= 0 || this.#isStopped) resolve();
        else timer = setTimeout(look, Math.min(left, GLANCE));
      };
      look();
    });
  }
}
