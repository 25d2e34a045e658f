import { expect } from 'chai';
import fc from 'fast-check';
import { withBlock, withoutBlock } from '../../../src/lib/completion/marked-block.ts';

const LINES = ['. /home/ana/completion'];

describe('our lines in a start-up file', () => {
  it('are at its end, behind a blank line, between two marks', () => {
    expect(withBlock('PS1=x\n', LINES)).to.equal(
      'PS1=x\n\n# >>> airbnb completion >>>\n. /home/ana/completion\n# <<< airbnb completion <<<\n',
    );
  });

  it('are the same a second time, and new ones stand where the old ones did', () => {
    const once = withBlock('PS1=x\n', LINES);
    expect(withBlock(once, LINES)).to.equal(once);
    expect(withBlock(`${once}alias l=ls\n`, ['new'])).to.match(
      /^PS1=x\n\n# >>>.*\nnew\n# <<<.*\nalias l=ls\n$/,
    );
  });

  it('leave nothing behind, byte for byte, whatever the file holds', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('', ' ', '\r', '#', 'fi'));
    const text = fc.array(line).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, (before) => {
        expect(withoutBlock(withBlock(before, LINES))).to.equal(before);
      }),
    );
  });

  it('leave no file where there was none', () => {
    expect(withoutBlock(withBlock(undefined, LINES))).to.equal(undefined);
  });

  it('leave what was written behind them', () => {
    for (const before of ['a\n', 'a', '']) {
      expect(withoutBlock(`${withBlock(before, LINES)}b\n`)).to.equal(
        before === 'a' ? 'a\nb\n' : `${before}b\n`,
      );
    }
  });

  it('are not taken for anything else', () => {
    for (const text of ['', 'PS1=x\n', '# >>> airbnb completion >>>\nwithout an end\n']) {
      expect(withoutBlock(text)).to.equal(text);
    }
  });
});
