import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';

export interface CounterOptions {
  /** What its keys begin with, up to a colon. */
  readonly keyPrefix: string;
  /** How much fits into it before it says no. */
  readonly points: number;
  /** Seconds from the first point to when all are forgotten. */
  readonly duration: number;
}

/** Where attempts to sign in are counted. Every change of a counter is one atomic step of a server. */
export interface LoginCounters {
  /**
   * Makes ready to count; comes before all else.
   * @returns the address from which the server sees us; null where it does not tell, or where that is this machine
   * @throws AppError of an engine
   */
  open(): Promise<string | null>;

  /** A counter for each of many keys. What its methods throw is an AppError of an engine. */
  counter(options: CounterOptions): RateLimiterStoreAbstract;
}
