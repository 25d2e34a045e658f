import { expect } from 'chai';
import { parseBashLine } from '../../../src/lib/completion/bash-line.ts';

describe('a line of bash up to the cursor', () => {
  const cases: [line: string, words: string[], current: string][] = [
    ['airbnb ', [], ''],
    ['airbnb sess', [], 'sess'],
    ['airbnb sessions ', ['sessions'], ''],
    ['airbnb  sessions\tlist', ['sessions'], 'list'],
    ['airbnb register --rol=AN', ['register'], '--rol=AN'],
    ["airbnb a 'b c' d", ['a', 'b c'], 'd'],
    ["airbnb 'a\\' b", ['a\\'], 'b'],
    ['airbnb "a \\"b\\" $HOME" c', ['a "b" $HOME'], 'c'],
    ['airbnb a\\ b c', ['a b'], 'c'],
    ["airbnb $'it\\'s' x", ["it\\'s"], 'x'],
    ['airbnb "open quo', [], 'open quo'],
    ["airbnb 'open quo", [], 'open quo'],
    ['airbnb \\', [], ''],
    ['FOO=1 BAR+=2 airbnb x', [], 'x'],
    ['true; airbnb x y', ['x'], 'y'],
    ['echo a && airbnb x', [], 'x'],
    ['airbnb x | grep y', ['y'].slice(1), 'y'],
    ['airbnb x > out y', ['x'], 'y'],
    ['airbnb x 2>&1 y', ['x'], 'y'],
    ['airbnb "" x', [''], 'x'],
  ];
  for (const [line, words, current] of cases) {
    it(`is taken to pieces: ${line}`, () => {
      expect(parseBashLine(line)).to.deep.equal({ words, current, isRedirection: false });
    });
  }

  it('may end in the file of a redirection', () => {
    for (const line of [
      'airbnb x > ou',
      'airbnb x >ou',
      'airbnb x 2>> ou',
      'airbnb x < ou',
      'airbnb x &> ou',
    ]) {
      expect(parseBashLine(line), line).to.deep.include({ current: 'ou', isRedirection: true });
    }
  });
});
