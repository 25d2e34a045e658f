import { expect } from 'chai';
import { fromWireTime, toWireTime } from '../../../src/lib/session/wire-time.ts';
import { isoformat } from '../../support/python-client.ts';

describe('a time on the wire', () => {
  const outside = process.env.TZ;

  afterEach(() => {
    if (outside === undefined) delete process.env.TZ;
    else process.env.TZ = outside;
  });

  for (const zone of ['UTC', 'Asia/Kathmandu', 'America/New_York']) {
    describe(`in ${zone}`, () => {
      beforeEach(() => {
        process.env.TZ = zone;
      });

      it('is written in UTC, without a zone, with three digits of fraction', () => {
        expect(toWireTime(new Date('2025-07-16T15:01:30.5Z'))).to.equal('2025-07-16T15:01:30.500');
        expect(toWireTime(new Date('2025-12-31T23:59:59.999-01:00'))).to.equal('2026-01-01T00:59:59.999');
        expect(toWireTime(new Date('2026-01-01T00:59:59.007Z'))).to.equal('2026-01-01T00:59:59.007');
        expect(toWireTime(new Date('2026-01-01T00:59:59Z'))).to.equal('2026-01-01T00:59:59.000');
        expect(toWireTime(new Date('2026-01-01T01:00:00Z'))).to.equal('2026-01-01T01:00:00.000');
        expect(toWireTime(new Date(-1))).to.equal('1969-12-31T23:59:59.999');
      });

      const times: Record<string, string> = {
        '2025-07-16T15:01:30': '2025-07-16T15:01:30.000Z',
        '2025-07-16T15:01:30.123': '2025-07-16T15:01:30.123Z',
        '2025-07-16T15:01:30.123456': '2025-07-16T15:01:30.123Z',
        '2025-07-16T15:01:30.999999': '2025-07-16T15:01:30.999Z',
        '2025-07-16 15:01:30': '2025-07-16T15:01:30.000Z',
        '2025-07-16T15:01': '2025-07-16T15:01:00.000Z',
        '2025-07-16T15:01:30Z': '2025-07-16T15:01:30.000Z',
        '2025-07-16t15:01:30.123456z': '2025-07-16T15:01:30.123Z',
        '2025-07-16T15:01:30+00:00': '2025-07-16T15:01:30.000Z',
        '2025-07-16T15:01:30.123456+05:45': '2025-07-16T09:16:30.123Z',
        '2025-07-16T15:01:30-0330': '2025-07-16T18:31:30.000Z',
      };
      for (const [text, instant] of Object.entries(times)) {
        it(`reads ${text}`, () => expect(fromWireTime(text)?.toISOString()).to.equal(instant));
      }
    });
  }

  it('reads what it writes', () => {
    const now = new Date();
    expect(fromWireTime(toWireTime(now))).to.deep.equal(now);
  });

  it('takes a Python client’s local time for UTC where that is where it runs', () => {
    process.env.TZ = 'UTC';
    const now = new Date();
    expect(fromWireTime(isoformat(now))).to.deep.equal(now);
  });

  for (const text of [
    '',
    'now',
    '2025-07-16',
    '15:01:30',
    '2025-13-16T15:01:30',
    '1752678090',
    ' 2025-07-16T15:01:30',
    '2025-07-16T15:01:30.123 UTC',
  ]) {
    it(`finds no time in "${text}"`, () => expect(fromWireTime(text)).to.equal(undefined));
  }

  it('finds no time in what is no text', () => {
    for (const value of [undefined, null, 1_752_678_090, true, {}, ['2025-07-16T15:01:30']]) {
      expect(fromWireTime(value)).to.equal(undefined);
    }
  });
});
