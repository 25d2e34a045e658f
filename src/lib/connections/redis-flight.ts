import { redisFailed, redisFailure } from './redis-errors.ts';
import type { Issue, RedisLink } from './redis-link.ts';

/** Milliseconds from the first byte to the last reply of a flight, connecting included. */
const FLIGHT_TIMEOUT = 1_500;
/**
 * Milliseconds. A flight's time is counted in steps in which we looked for replies: where the machine is too busy to
 * let us run, that is no sign that the server is silent.
 */
const STEP = 100;

/**
 * Sends commands together and waits for all of their replies. A link that turns out to be unreachable is closed.
 * @param timeout milliseconds
 * @throws AppError `unreachable`, `refusing_work` or `misconfigured`
 */
export async function fly(link: RedisLink, issue: Issue, timeout = FLIGHT_TIMEOUT): Promise<unknown[]> {
  let timer: NodeJS.Timeout | undefined;
  const met: Met = {};
  const tooLate = new Promise<never>((_, reject) => {
    let left = timeout;
    timer = setInterval(() => {
      left -= STEP;
      // Who has refused us and then falls silent has answered.
      if (left <= 0) reject(met.failure ?? redisFailed('unreachable', 'ETIMEDOUT'));
    }, STEP);
  });
  try {
    return await Promise.race([repliesTo(link, issue, met), tooLate]);
  } catch (error) {
    const failure = redisFailure(error, link.lastError);
    if (failure.reason === 'unreachable') link.close();
    throw failure;
  } finally {
    clearInterval(timer);
  }
}

/** The first failure among the replies that have come so far. */
interface Met {
  failure?: unknown;
}

async function repliesTo(link: RedisLink, issue: Issue, met: Met): Promise<unknown[]> {
  await link.open();
  const { prologue, replies } = link.issue(issue);
  const all = [...prologue, ...replies];
  for (const each of all) {
    each.then(undefined, (failure: unknown) => {
      met.failure ??= failure;
    });
  }
  const settled = await Promise.allSettled(all);
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
  const values = settled.map((each) => (each as PromiseFulfilledResult<unknown>).value);
  return values.slice(prologue.length);
}
