import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tableUnder } from './markdown-table.ts';

const ROOT = join(__dirname, '..', '..');
const BEHAVIOURS = [
  'Create',
  'Get',
  'Expire',
  'Auto-refresh',
  'Invalidate',
  'List',
  'Invalidate all',
  'Sign-in integration',
  'Restore',
  'Check',
  'Keep alive',
];

describe('the behaviours in docs/sessions.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'sessions.md'), 'utf8');
  const rows = tableUnder(page, 'Behaviours and the tests that show them');

  it('are all there', () => {
    expect(rows.map(([behaviour]) => behaviour).filter(Boolean)).to.deep.equal(BEHAVIOURS);
  });

  for (const [, file = '', title = ''] of rows) {
    it(`are shown by ${file}: ${title}`, () => {
      const test = readFileSync(join(ROOT, file.replaceAll('`', '')), 'utf8');
      expect([`it('${title}',`, `it("${title}",`].some((start) => test.includes(start))).to.equal(true);
    });
  }
});
