import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalEmail, validEmail, validNombre } from '../../../src/lib/auth/account-rules.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { failureOf } from '../../support/failure-of.ts';

/** The beginning of a text, in characters that no terminal acts on. */
function shown(text: string): string {
  const start = [...text].slice(0, 20).join('');
  return start.replace(/[^ -~]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`) || '""';
}

describe('the rules for e-mails', () => {
  it('trim, compose, and keep the case of what the database compares without it', () => {
    expect(canonicalEmail('  Ana@Example.com\n')).to.equal('Ana@Example.com');
    expect(canonicalEmail('pen\u0303a@x.es')).to.equal('peña@x.es');
    expect(canonicalEmail('PEÑA@x.es')).to.equal('PEñA@x.es');
    expect(canonicalEmail('PEN\u0303A@x.es')).to.equal('PEñA@x.es');
  });

  const refused: Record<string, string[]> = {
    empty: ['', '   '],
    too_long: [`${'x'.repeat(249)}@x.es`.concat('s')],
    shape: [
      'ana',
      'ana@',
      '@x.es',
      'ana@@x.es',
      'ana@x',
      'ana@.es',
      'ana@x..es',
      'ana@x.es.',
      'a na@x.es',
      'a@b@x.es',
    ],
    characters: [
      'ana\0@x.es',
      'ana\u001b[31m@x.es',
      'ana\u202e@x.es',
      'ana\u200b@x.es',
      'ana\ud800@x.es',
      'ana\u2800@x.es',
      'ana\u3164@x.es',
      'ana\ufe0f@x.es',
      'ana\u{e0041}@x.es',
    ],
  };
  for (const [problem, emails] of Object.entries(refused)) {
    for (const email of emails) {
      it(`refuse ${shown(email)}: ${problem}`, async () => {
        const failure = await failureOf(() => validEmail(email));
        expect(failure).to.include({ reason: 'invalid_email', exitCode: 2 });
        expect(failure.params).to.include({ problem });
      });
    }
  }

  for (const email of [
    'ana@example.com',
    'a.b+c@sub.example.co',
    `${'x'.repeat(249)}@x.es`,
    'peña@müller.de',
  ]) {
    it(`allow ${shown(email)}`, () => expect(validEmail(email)).to.equal(email));
  }
});

describe('the rules for names', () => {
  const refused: Record<string, string[]> = {
    empty: [
      '',
      ' \t ',
      '\ufeff',
      // Zero-width spaces and joiners, a soft hyphen, marks on nothing, fillers of Hangul, the blank of Braille.
      '\u200b\u200d',
      '\u00ad',
      '\u0301\u0301',
      '\u3164',
      '\u2800',
      '\u2060 \u2063',
    ],
    too_long: ['x'.repeat(100_000), 'x'.repeat(201), '😀'.repeat(201)],
    characters: [
      'Ana\0',
      'Ana\u001b[2J',
      'A\nna',
      'Ana\u0085',
      '\u202eanA',
      'A\u2066na',
      'Ana\u2028Paz',
      'Ana\udc00',
      // Annotations; tags, but for those of a flag.
      'Ana\ufff9x\ufffay\ufffb',
      '\u{e0041}',
      'Ana\u{e0041}\u{e006e}\u{e007f}',
      `\u{1f3f4}${'\u{e0041}'.repeat(7)}\u{e007f}`,
      '\u{1f3f4}\u{e0067}\u{e0062}',
    ],
  };
  for (const [problem, nombres] of Object.entries(refused)) {
    for (const nombre of nombres) {
      it(`refuse ${shown(nombre)}: ${problem}`, async () => {
        const failure = await failureOf(() => validNombre(nombre));
        expect(failure).to.include({ reason: 'invalid_nombre', exitCode: 2 });
        expect(failure.params).to.include({ problem });
      });
    }
  }

  for (const nombre of [
    'A',
    'José Ñúñez',
    '王小明',
    'علي',
    '👩‍👩‍👧',
    'क्षि',
    '❤️',
    '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
    '7',
    '⠁⠀⠃',
    '😀'.repeat(200),
  ]) {
    it(`allow ${shown(nombre)}`, () => expect(validNombre(nombre)).to.equal(nombre));
  }

  it('trim and compose', () => expect(validNombre(' Jose\u0301 ')).to.equal('José'));

  it('leave a name that is harmless, or refuse it, whatever it is', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom(
        '\u001b',
        '\u009b',
        '\u202e',
        '\u2069',
        '\u200b',
        '\u0301',
        '\0',
        '\ud800',
        'ﷺ',
        ' ',
        'é',
        '😀',
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 250 }), (text) => {
        try {
          const nombre = validNombre(text);
          expect(nombre).not.to.match(/[\p{Cc}\p{Bidi_Control}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect([...nombre].length).to.be.within(1, 200);
          expect(validNombre(nombre), 'it is its own canonical form').to.equal(nombre);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error).to.include({ reason: 'invalid_nombre', exitCode: 2 });
          expect(JSON.stringify(error.params), 'nothing of it is repeated').to.match(
            /^\{"problem":"(empty|characters|too_long)"(,"limit":200)?\}$/,
          );
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
