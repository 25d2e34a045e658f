import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  idOfMark,
  isToken,
  looksLikeToken,
  markOf,
  newToken,
  prefixOf,
  redactTokens,
} from '../../../src/lib/session/session-token.ts';

describe('a session token', () => {
  it('is 32 random bytes in base64url without padding', () => {
    const token = newToken();
    expect(isToken(token)).to.equal(true);
    expect(Buffer.from(token, 'base64url')).to.have.length(32);
    expect(newToken()).not.to.equal(token);
  });

  it('is told from what is none', () => {
    const token = newToken();
    for (const text of [
      '',
      token.slice(1),
      `${token}A`,
      `${token}\n`,
      `${token.slice(1)}=`,
      `${token.slice(1)}é`,
    ]) {
      expect(isToken(text), JSON.stringify(text)).to.equal(false);
    }
  });

  it('has a mark and an id that do not lead back to it, and a prefix', () => {
    const token = newToken();
    const mark = createHash('sha256').update(token).digest('hex');
    expect(markOf(token)).to.equal(mark);
    expect(idOfMark(mark)).to.equal(mark.slice(0, 12));
    expect(prefixOf(token)).to.equal(token.slice(0, 8));
  });

  it('is taken out of any text, wherever it stands in it', () => {
    const token = newToken();
    const texts = [
      token,
      `--token=${token}`,
      `x ${token}\n`,
      `"${token}"`,
      `${token}${token}`,
      `session:${token}`,
    ];
    for (const text of texts) {
      expect(redactTokens(text)).not.to.include(token);
      expect(looksLikeToken(text)).to.equal(true);
    }
    expect(redactTokens('nothing to hide')).to.equal('nothing to hide');
    expect(looksLikeToken(token.slice(0, 12))).to.equal(false);
  });
});
