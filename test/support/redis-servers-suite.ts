import { hasNativeRedis } from './engines/native.ts';
import { engines } from './engines.ts';

/** Whether this is a run with all that takes long. */
export const isFullRun = process.env.AIRBNB_TEST_FULL === '1';

/**
 * A suite on several redis-servers, which it starts itself. The engine in WebAssembly can be neither cluster nor
 * replica, so that without redis-server the suite is left out, and says so.
 */
export function describeOnRedisServers(title: string, suite: () => void): void {
  const reason = reasonToLeaveOut();
  describe(title, reason === undefined ? suite : () => void it(`is left out: ${reason}`));
}

function reasonToLeaveOut(): string | undefined {
  if (!hasNativeRedis()) return 'there is no redis-server on this machine';
  // Once is enough: the same tests would run on the same servers.
  if (engines.kind !== 'servers' && !isFullRun) return 'it is part of the run on native servers';
  return undefined;
}
