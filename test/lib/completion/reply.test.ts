import { expect } from 'chai';
import { replyText } from '../../../src/lib/completion/reply.ts';
import { SHELLS } from '../../../src/lib/completion/shells.ts';

const words = (...candidates: [value: string, description?: string][]) => ({
  kind: 'words' as const,
  candidates: candidates.map(([value, description]) => ({ value, describe: () => description })),
});

describe('an answer to TAB', () => {
  it('is one line a word, as each shell reads it', () => {
    const offer = words(['a:b', 'About: it'], ['c']);
    expect(replyText(offer, 'bash')).to.equal('words\na:b\nc\n');
    expect(replyText(offer, 'zsh')).to.equal('words\na\\:b:About: it\nc\n');
    expect(replyText(offer, 'fish')).to.equal('words\na:b\tAbout: it\nc\n');
    expect(replyText(words(['--rol=AMBOS']), 'bash', '--rol='.length)).to.equal('words\nAMBOS\n');
  });

  it('never offers what a shell could take for more than a word', () => {
    for (const shell of SHELLS) {
      for (const value of [
        '$(x)',
        '`x`',
        'a b',
        'a\nb',
        'a\tb',
        "a'b",
        'a"b',
        'a;b',
        '*',
        '~',
        'a\\',
        '\u001b[31m',
        '',
      ]) {
        expect(replyText(words([value], ['sound']), shell), value).to.equal('words\nsound\n');
      }
    }
  });

  it('keeps descriptions on one line that is not too long, without what a terminal obeys', () => {
    const hostile = `a\tb\nc\u001b[31m\u202e${'d'.repeat(200)}`;
    for (const shell of ['zsh', 'fish'] as const) {
      const text = replyText(words(['id', hostile]), shell);
      expect(text.split('\n')).to.have.length(3);
      expect(text.replace('id\t', '')).to.not.match(/[\t\u001b\u202e]/);
      expect(text.length).to.be.below(90);
    }
  });

  it('is empty where there is nothing to offer', () => {
    for (const shell of SHELLS) expect(replyText(words(), shell)).to.equal('');
  });
});
