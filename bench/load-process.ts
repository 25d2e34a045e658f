import { SessionService } from '../src/lib/session/session-service.ts';
import { type Credential, SessionStore } from '../src/lib/session/session-store.ts';
import { connect } from './bench-engines.ts';

/*
 * One process of the load test. It is sent what to do, works, and sends what came of it.
 */

/** What a process is to do. */
export interface LoadOrder {
  readonly url: string;
  /** The sessions that each of its workers keeps alive, on a connection of its own. */
  readonly shares: readonly (readonly Credential[])[];
  readonly seconds: number;
  /** Lifetime of the sessions, seconds. */
  readonly ttl: number;
}

/** What came of it. */
export interface LoadOutcome {
  /** Of each restore, microseconds. */
  readonly times: Float64Array;
  /** Restores that failed, by the reason. */
  readonly failures: Readonly<Record<string, number>>;
}

process.once('message', (order: LoadOrder) => {
  void work(order).then((outcome) => process.send?.(outcome, () => process.disconnect()));
});

async function work({ url, shares, seconds, ttl }: LoadOrder): Promise<LoadOutcome> {
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    shares.map(async (share) => {
      const connection = connect(url);
      const sessions = new SessionService(new SessionStore(connection), { ttl, maxAge: undefined });
      for (let turn = 0; performance.now() < end; turn++) {
        const start = performance.now();
        try {
          await sessions.restore(share[turn % share.length] as Credential);
        } catch (error) {
          const reason = error instanceof Error ? error.message : 'unknown';
          failures[reason] = (failures[reason] ?? 0) + 1;
        }
        times.push((performance.now() - start) * 1000);
      }
      connection.close();
    }),
  );
  return { times: Float64Array.from(times), failures };
}
