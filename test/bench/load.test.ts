import { expect } from 'chai';
import { runLoad } from '../../bench/load.ts';
import { startRedisServer } from '../support/engines/native.ts';
import { describeOnRedisServers, isFullRun } from '../support/redis-servers-suite.ts';

const SECONDS = isFullRun ? 60 : 5;

describeOnRedisServers('under load', () => {
  it(`500 sessions that 20 workers use for ${SECONDS} s are all there in the end`, async function () {
    this.timeout((SECONDS + 60) * 1000);
    const redis = await startRedisServer({});
    try {
      const { calls, failures, lost } = await runLoad(redis.port, { processes: 2, seconds: SECONDS });
      expect({ failures, lost }).to.deep.equal({ failures: {}, lost: 0 });
      expect(calls).to.be.above(SECONDS * 500);
    } finally {
      await redis.dispose();
    }
  });
});
