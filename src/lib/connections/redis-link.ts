import type { Redis } from 'ioredis';

/** Issues commands, all in one tick, and returns their promises. */
export type Issue = (redis: Redis) => readonly PromiseLike<unknown>[];

/** The way to a Redis of some kind. Flights are the same on each. */
export interface RedisLink {
  /** What ioredis told last in an `error` event. */
  readonly lastError: unknown;

  /** Connects at the first call; resolves when commands can be issued. */
  open(): Promise<void>;

  /**
   * Issues commands behind those with which the link has to begin, once. Of the client that it hands out single
   * commands are to be used alone: a cluster refuses transactions and pipelines over several nodes.
   * @returns the promises of those of the link, whose failure outranks all others, and of the caller's own
   */
  issue(commands: Issue): {
    readonly prologue: readonly PromiseLike<unknown>[];
    readonly replies: readonly PromiseLike<unknown>[];
  };

  /** Ends it. Nothing is sent, and nothing is waited for. */
  close(): void;
}
