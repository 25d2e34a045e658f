import { expect } from 'chai';
import { runLoad } from '../../bench/load.ts';
import { engines } from '../support/engines.ts';

const isWhole = process.env.AIRBNB_TEST_FULL === '1';
const SECONDS = isWhole ? 60 : 5;

describe('under load', () => {
  if (engines.kind === 'embedded') {
    it.skip('needs native servers: npm run test:servers');
    return;
  }

  it(`500 sessions that 20 workers use for ${SECONDS} s are all there in the end`, async function () {
    this.timeout((SECONDS + 60) * 1000);
    const redis = await engines.ownRedis();
    try {
      const { calls, failures, lost } = await runLoad(redis.port, { processes: 2, seconds: SECONDS });
      expect({ failures, lost }).to.deep.equal({ failures: {}, lost: 0 });
      expect(calls).to.be.above(SECONDS * 500);
    } finally {
      await redis.dispose();
    }
  });
});
