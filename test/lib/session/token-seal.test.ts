import { createDecipheriv, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { newToken } from '../../../src/lib/session/session-token.ts';
import { sealToken, unsealToken } from '../../../src/lib/session/token-seal.ts';

describe('a sealed token', () => {
  const key = randomBytes(32);
  const owner = { email: 'user@example.com', userId: 7, server: 'redis://localhost:6379/0' };
  const token = newToken();

  it('is opened by its key, for its owner', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.record({ email: fc.string(), userId: fc.maxSafeInteger(), server: fc.string() }),
        (bytes, somebody) => {
          const theirs = Buffer.from(bytes);
          expect(unsealToken(sealToken(token, theirs, somebody), theirs, somebody)).to.equal(token);
        },
      ),
    );
  });

  it('is AES-256-GCM: nonce, ciphertext and tag, bound to version, server, user and e-mail', () => {
    const bytes = Buffer.from(sealToken(token, key, owner), 'base64url');
    expect(bytes).to.have.length(12 + 43 + 16);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from('[2,"redis://localhost:6379/0",7,"user@example.com"]'));
    decipher.setAuthTag(bytes.subarray(-16));
    const opened = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    expect(opened.toString()).to.equal(token);
  });

  it('differs each time, from its first byte on', () => {
    const sealed = Array.from({ length: 200 }, () => sealToken(token, key, owner));
    expect(new Set(sealed.map((each) => each.slice(0, 16))).size).to.equal(200);
    expect(new Set(sealed.map((each) => each.slice(16))).size).to.equal(200);
  });

  it('is not opened by another key', () => {
    const sealed = sealToken(token, key, owner);
    expect(unsealToken(sealed, randomBytes(32), owner)).to.equal(undefined);
    const nearly = Buffer.from(key);
    nearly[31] = (nearly[31] ?? 0) ^ 1;
    expect(unsealToken(sealed, nearly, owner)).to.equal(undefined);
  });

  it('is not opened for another user or server', () => {
    const sealed = sealToken(token, key, owner);
    for (const other of [
      { email: 'user@example.org' },
      { userId: 8 },
      { server: 'redis://localhost:6379/1' },
      { email: '', server: '' },
    ]) {
      expect(unsealToken(sealed, key, { ...owner, ...other })).to.equal(undefined);
    }
    // Nor where two owners would read alike, strung together.
    const strung = sealToken(token, key, { ...owner, server: 'a', email: 'b,c' });
    expect(unsealToken(strung, key, { ...owner, server: 'a,b', email: 'c' })).to.equal(undefined);
  });

  it('is not opened with any of its bits changed', () => {
    const sealed = sealToken(token, key, owner);
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(unsealToken(changed.toString('base64url'), key, owner), `bit ${bit}`).to.equal(undefined);
    }
  });

  it('is not opened in any other way of writing it', () => {
    const sealed = sealToken(token, key, owner);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // The last two bits of the last character belong to no byte.
    const spare = alphabet[alphabet.indexOf(sealed.slice(-1)) + 1];
    for (const other of [
      `${sealed}=`,
      `${sealed}\n`,
      ` ${sealed}`,
      `${sealed}!`,
      sealed.slice(0, -1) + spare,
      sealed.slice(0, -1),
      sealed.slice(1),
      sealed + sealed,
      '',
      'AAAA',
    ]) {
      expect(unsealToken(other, key, owner), other).to.equal(undefined);
    }
  });

  it('is nothing, whatever text is in its place', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
        expect(unsealToken(text, key, owner)).to.equal(undefined);
      }),
      { numRuns: 300 },
    );
  });
});
