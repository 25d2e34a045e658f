import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves when something holds, with the milliseconds that it took.
 * @param holds asked again and again; one that throws does not hold yet
 */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  patienceMs = 15_000,
): Promise<number> {
  const begin = performance.now();
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) return performance.now() - begin;
    } catch (error) {
      last = error;
    }
    if (performance.now() - begin > patienceMs) {
      throw new Error(`${what}: not in ${patienceMs} ms${last ? ` (${last})` : ''}`);
    }
    await sleep(20);
  }
}
