import { expect } from 'chai';
import fc from 'fast-check';
import { harmless, stringifyHarmless } from '../../../src/lib/ui/terminal-text.ts';

/** By Unicode's own properties: what a terminal obeys instead of showing. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;

const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      '\u001b[2J',
      '\u009b31m',
      '\r',
      '\n',
      '\u0000',
      '\u007f',
      '\u202e',
      '\u2066',
      '\u200f',
      '\ufeff',
      '\ud800',
      'é',
      '😀',
    ),
  ),
});

describe('a stored value on a terminal', () => {
  it('is shown as it is where there is nothing to obey', () => {
    for (const value of ['Ana Pérez', 'Ñandú 😀 👩‍👩‍👧', 'שלום', '日本', ''])
      expect(harmless(value)).to.equal(value);
  });

  it('loses escape sequences, line breaks and turns of direction', () => {
    expect(harmless('a\u001b[31mb')).to.equal('a\ufffd[31mb');
    expect(harmless('a\r\nb\tc')).to.equal('a\ufffd\ufffdb\ufffdc');
    expect(harmless('\u009b2J\u202eevil\u2069')).to.equal('\ufffd2J\ufffdevil\ufffd');
  });

  it('holds nothing that is obeyed, whatever the value', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.jsonValue()), (value) => {
        expect(harmless(value)).not.to.match(OBEYED);
      }),
      { numRuns: 1_000 },
    );
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      if (OBEYED.test(character)) expect(harmless(character)).to.equal('\ufffd');
    }
  });

  it('is escaped where nothing of it would be seen', () => {
    expect(harmless('\u2800')).to.equal('\\u{2800}');
    expect(harmless('\u200b \u3164')).to.equal('\\u{200b}\\u{20}\\u{3164}');
    expect(harmless('\u{e0041}')).to.equal('\\u{e0041}');
    expect([...harmless('\u2800'.repeat(10_000))]).to.have.length(200);
    expect(harmless('A\u2800')).to.equal('A\u2800');
  });

  it('has of each letter the first marks', () => {
    expect(harmless(`A${'\u0301'.repeat(50)}na`)).to.equal(`A${'\u0301'.repeat(4)}na`);
    expect(harmless(`A${'\u0301\u200d'.repeat(50)}na`)).to.equal('A\u0301\u200d\u0301\u200dna');
    for (const value of ['Nguyễn'.normalize('NFD'), 'क्षि', 'สุวรรณภูมิ', 'שָׁלוֹם', '❤️‍🔥', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'])
      expect(harmless(value)).to.equal(value);
  });

  it('is of bounded length, and cut between characters', () => {
    const long = harmless('😀'.repeat(10_000));
    expect([...long]).to.have.length(200);
    expect(long).to.match(/^(😀)+…$/u);
    expect(harmless('x'.repeat(200))).to.equal('x'.repeat(200));
  });

  it('is JSON where a foreign client wrote no text', () => {
    expect(harmless({ a: [1, null] })).to.equal('{"a":[1,null]}');
    expect(harmless(undefined)).to.equal('');
    expect(harmless(5)).to.equal('5');
  });
});

describe('a document as JSON', () => {
  it('escapes what a terminal obeys, and nothing else', () => {
    expect(stringifyHarmless({ nombre: 'é\u009b\u202e\u001b' })).to.equal(
      '{\n  "nombre": "é\\u009b\\u202e\\u001b"\n}',
    );
  });

  it('reads as the same value, and holds nothing that is obeyed but its own line breaks', () => {
    const document = fc.oneof(text, fc.jsonValue(), fc.dictionary(text, text), fc.array(text));
    fc.assert(
      fc.property(document, (value) => {
        const json = stringifyHarmless(value);
        expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify(value)));
        expect(json.replaceAll('\n', '')).not.to.match(OBEYED);
        expect(json).not.to.match(/\ufeff/);
      }),
      { numRuns: 1_000 },
    );
  });
});
