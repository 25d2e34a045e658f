import { expect } from 'chai';
import { canonicalEmail, validEmail, validNombre } from '../../../src/lib/auth/account-rules.ts';
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
    characters: ['ana\0@x.es', 'ana\u001b[31m@x.es', 'ana\u202e@x.es', 'ana\u200b@x.es', 'ana\ud800@x.es'],
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
    empty: ['', ' \t '],
    too_long: ['x'.repeat(201), '😀'.repeat(201)],
    characters: [
      'Ana\0',
      'Ana\u001b[2J',
      'A\nna',
      'Ana\u0085',
      '\u202eanA',
      'A\u2066na',
      'Ana\u2028Paz',
      'Ana\udc00',
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

  for (const nombre of ['A', 'José Ñúñez', '王小明', 'علي', '👩‍👩‍👧', '😀'.repeat(200)]) {
    it(`allow ${shown(nombre)}`, () => expect(validNombre(nombre)).to.equal(nombre));
  }

  it('trim and compose', () => expect(validNombre(' Jose\u0301 ')).to.equal('José'));
});
