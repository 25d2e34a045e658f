import { expect } from 'chai';
import { assertGoodPassword } from '../../../src/lib/auth/password-rules.ts';
import { failureOf } from '../../support/failure-of.ts';

describe('the rules for passwords', () => {
  const refused: Record<string, string[]> = {
    too_short: ['', '1234567', 'ñandú', '🔑🔑🔑🔑🔑🔑🔑'],
    too_long: ['x'.repeat(73), 'ñ'.repeat(37)],
    nul: ['with\0in it', '\0'],
    common: [
      'password',
      'PASSWORD',
      'Password1',
      'password123',
      'P@ssw0rd!',
      '12345678',
      '1234567890',
      '87654321',
      '11111111',
      'abababab',
      'qwertyuiop',
      'Qwerty123!',
      '1q2w3e4r',
      'iloveyou',
      'contraseña',
      'contrasen\u0303a1',
      'admin2024',
      'Barcelona1',
    ],
  };
  for (const [problem, passwords] of Object.entries(refused)) {
    for (const password of passwords) {
      it(`refuse ${JSON.stringify(password)}: ${problem}`, async () => {
        const failure = await failureOf(() => assertGoodPassword(password));
        expect(failure).to.include({ reason: 'invalid_password', exitCode: 2 });
        expect(failure.params).to.include({ problem });
      });
    }
  }

  const allowed = [
    'correct horse battery staple',
    'x'.repeat(36) + 'y'.repeat(36),
    // A repetition is common only as long as people type it.
    'x'.repeat(72),
    'ñ'.repeat(36),
    'ñandúes!',
    '🔑a🔑b🔑c🔑d',
    '        .',
    'password of mine',
    'mi-clave-larga',
  ];
  for (const password of allowed) {
    it(`allow ${JSON.stringify(password)}`, () => assertGoodPassword(password));
  }
});
