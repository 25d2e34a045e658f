import { expect } from 'chai';
import { parseDuration } from '../../src/lib/duration.ts';

describe('a duration', () => {
  const sound: Record<string, number> = {
    '1s': 1,
    '90s': 90,
    '5m': 300,
    '1h': 3_600,
    '007s': 7,
    '8760h': 31_536_000,
    '31536000s': 31_536_000,
  };
  for (const [text, seconds] of Object.entries(sound)) {
    it(`${text} is ${seconds} seconds`, () => expect(parseDuration(text)).to.equal(seconds));
  }

  const unsound = [
    '',
    '90',
    's',
    '0s',
    '0h',
    '-5s',
    '+5s',
    '1.5m',
    '1,5m',
    '500ms',
    '1d',
    '5M',
    '5 m',
    ' 5m',
  ];
  for (const text of [...unsound, '5m ', '5m\n', '1h30m', '1e3s', '٥s', '31536001s', '8761h', '999999999h']) {
    it(`${JSON.stringify(text)} is none`, () => expect(parseDuration(text)).to.equal(undefined));
  }
});
