import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tableUnder } from './markdown-table.ts';

const ROOT = join(__dirname, '..', '..');

describe('the threats in docs/security.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');

  for (const [threat, defence, shownBy = ''] of tableUnder(page, 'What is protected, and how')) {
    it(`have a defence that tests show: ${threat}`, () => {
      expect(defence).to.be.a('string').that.is.not.empty;
      const files = shownBy.split(', ').map((file) => file.replaceAll('`', ''));
      for (const file of files) {
        expect(file).to.match(/^test\/.+\.test\.ts$/);
        expect(existsSync(join(ROOT, file)), file).to.equal(true);
      }
    });
  }

  it('name no test that is not there', () => {
    const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).to.deep.equal([]);
  });
});
