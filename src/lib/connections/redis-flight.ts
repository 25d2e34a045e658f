import { inTime } from '../in-time.ts';
import { redisFailed, redisFailure } from './redis-errors.ts';
import type { Issue, RedisLink } from './redis-link.ts';

/** Milliseconds from the first byte to the last reply of a flight, connecting included. */
const FLIGHT_TIMEOUT = 1_500;

/**
 * Sends commands together and waits for all of their replies. A link that turns out to be unreachable is closed.
 * @param timeout milliseconds
 * @throws AppError `unreachable`, `refusing_work` or `misconfigured`
 */
export async function fly(link: RedisLink, issue: Issue, timeout = FLIGHT_TIMEOUT): Promise<unknown[]> {
  const met: Met = {};
  // Who has refused us and then falls silent has answered.
  const late = () => met.failure ?? redisFailed('unreachable', 'ETIMEDOUT');
  try {
    return await inTime(repliesTo(link, issue, met), timeout, late);
  } catch (error) {
    const failure = redisFailure(error, link.lastError);
    if (failure.reason === 'unreachable') link.close();
    throw failure;
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
  try {
    return (await Promise.all(all)).slice(prologue.length);
  } catch (failure) {
    met.failure = failure;
    // What was sent first counts, and not what comes to light first.
    for (const each of await Promise.allSettled(all)) if (each.status === 'rejected') throw each.reason;
    throw failure;
  }
}
