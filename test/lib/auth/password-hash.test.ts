import bcrypt from 'bcrypt';
import { expect } from 'chai';
import { hashPassword, verifyPassword } from '../../../src/lib/auth/password-hash.ts';

/** Made by Python: `bcrypt.hashpw(password.encode(), bcrypt.gensalt(12))`. */
const PYTHON = {
  password: 'contraseña-segura',
  hash: '$2b$12$3E/fLEDzdmthkwzALD3WjeAXfoAS3Ucze0dGCHMRA7ZaAoxr6FeIq',
};
const PYTHON_LONG = {
  password: 'ñandú'.repeat(20), // 140 bytes
  hash: '$2b$12$KF2BtUAk6SR8DvD7DHUTnebWqRjN/jXtzdd/e/MRceN2QpT8BFxcu',
};
/** The same with `prefix=b"2a"`, cost 6, of 300 letters. */
const PYTHON_2A = '$2a$06$DGk.e0fmbIxuTlz1QL8SUuy8T0PkpO9YwMWzOrFtACZayKOyVztBW';

describe('password hashes', () => {
  it('are bcrypt of cost 12 with a salt of their own', async () => {
    const [one, other] = [await hashPassword('correct horse'), await hashPassword('correct horse')];
    expect(one).to.match(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
    expect(one).not.to.equal(other);
    expect(await verifyPassword('correct horse', one)).to.equal(true);
    expect(await verifyPassword('Correct horse', one)).to.equal(false);
  });

  it('made by Python verify', async () => {
    expect(await verifyPassword(PYTHON.password, PYTHON.hash)).to.equal(true);
    expect(await verifyPassword(`${PYTHON.password} `, PYTHON.hash)).to.equal(false);
  });

  it('of more than 72 bytes count the first 72, as in Python', async () => {
    expect(await verifyPassword(PYTHON_LONG.password, PYTHON_LONG.hash)).to.equal(true);
    expect(await verifyPassword(`${PYTHON_LONG.password}, y más`, PYTHON_LONG.hash)).to.equal(true);
    expect(await verifyPassword(PYTHON_LONG.password.slice(0, 40), PYTHON_LONG.hash)).to.equal(false);
    expect(await verifyPassword('x'.repeat(300), PYTHON_2A)).to.equal(true);
  });

  it('verify under the name that PHP gives them', async () => {
    expect(await verifyPassword(PYTHON.password, PYTHON.hash.replace('2b', '2y'))).to.equal(true);
  });

  const weird = [
    null,
    undefined,
    '',
    'plain text',
    '$2b$12$tooshort',
    '$2b$31$3E/fLEDzdmthkwzALD3WjeAXfoAS3Ucze0dGCHMRA7ZaAoxr6FeIq',
    '$2x$12$3E/fLEDzdmthkwzALD3WjeAXfoAS3Ucze0dGCHMRA7ZaAoxr6FeIq',
    '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g',
    `${PYTHON.hash}\n`,
    '\0'.repeat(60),
  ];
  for (const hash of weird) {
    it(`that are none belong to no password: ${JSON.stringify(hash)}`, async () => {
      expect(await verifyPassword(PYTHON.password, hash)).to.equal(false);
    });
  }

  it('leave time for something else while they are compared, but those that take none', async () => {
    for (const [password, hash, expected] of [
      [PYTHON.password, PYTHON.hash, ['meanwhile', 'verified']],
      ['wrong', PYTHON.hash, ['meanwhile', 'verified']],
      ['any', null, ['meanwhile', 'verified']],
      ['wrong', PYTHON_2A, ['verified']],
    ] as const) {
      const events: string[] = [];
      await verifyPassword(password, hash, () => events.push('meanwhile'));
      events.push('verified');
      expect(events).to.deep.equal(expected);
    }
  });

  it('take as long to fail whatever they are', async () => {
    const cheap = await bcrypt.hash('other', 8);
    const [wrong, none, malformed, lowCost] = await Promise.all(
      [PYTHON.hash, null, 'plain text', cheap].map((hash) => medianMs(() => verifyPassword('guess', hash))),
    );
    for (const time of [none, malformed, lowCost]) expect((time ?? 0) / (wrong ?? 1)).to.be.within(0.6, 1.6);
  });
});

async function medianMs(action: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    await action();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2] ?? 0;
}
