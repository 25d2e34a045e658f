import { expect } from 'chai';
import { boundNameResolution } from '../../../src/lib/connections/name-resolution.ts';

describe('the look-up of a host’s name', () => {
  const outside = process.env.RES_OPTIONS;

  beforeEach(() => {
    delete process.env.RES_OPTIONS;
  });

  after(() => {
    if (outside === undefined) delete process.env.RES_OPTIONS;
    else process.env.RES_OPTIONS = outside;
  });

  it('is shortened for names', () => {
    boundNameResolution('cache.example.com');
    expect(process.env.RES_OPTIONS).to.equal('timeout:1 attempts:1');
  });

  it('is left alone where nothing is looked up', () => {
    for (const host of ['localhost', '127.0.0.1', '::1', 'fe80::1%eth0']) boundNameResolution(host);
    expect(process.env.RES_OPTIONS).to.equal(undefined);
  });

  it('keeps the options of a user, but not their time and attempts: the last ones count', () => {
    process.env.RES_OPTIONS = 'ndots:2 timeout:9 attempts:5';
    for (const host of ['cache.example.com', 'db.example.com']) boundNameResolution(host);
    expect(process.env.RES_OPTIONS).to.equal('ndots:2 timeout:9 attempts:5 timeout:1 attempts:1');
  });
});
