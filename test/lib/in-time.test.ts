import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { inTime } from '../../src/lib/in-time.ts';

describe('work that is waited for no longer than so long', () => {
  it('gives what it comes to', async () => {
    expect(await inTime(Promise.resolve(7), 150)).to.equal(7);
  });

  it('fails as the work does', async () => {
    const failure = new Error('of its own');
    expect(await inTime(Promise.reject(failure), 150).catch((error: unknown) => error)).to.equal(failure);
  });

  it('fails where it is late', async () => {
    const begin = performance.now();
    const late = inTime(new Promise(() => {}), 150).catch((error: Error) => error.message);
    expect(await late).to.equal('not within 150 ms');
    expect(performance.now() - begin).to.be.within(140, 3_000);
  });

  it('is not late by what this process works itself', async () => {
    const work = async () => {
      await sleep(10);
      const begin = performance.now();
      while (performance.now() - begin < 400);
      await sleep(10);
      return 'done';
    };
    expect(await inTime(work(), 150)).to.equal('done');
  });
});
