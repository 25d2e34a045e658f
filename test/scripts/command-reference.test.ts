import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { withCommandReference } from '../../scripts/command-reference.ts';

const README = join(__dirname, '..', '..', 'README.md');

describe('the reference of the commands in the README', () => {
  it('says what the commands say; "npm run docs" brings it up to date', () => {
    const readme = readFileSync(README, 'utf8');
    expect(readme).to.equal(withCommandReference(readme));
  });
});
