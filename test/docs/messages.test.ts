import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tableUnder } from './markdown-table.ts';

const ROOT = join(__dirname, '..', '..');

describe('the messages in the README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const source = readFileSync(join(ROOT, 'src', 'lib', 'i18n', 'error-texts.ts'), 'utf8');
  const quoted = tableUnder(readme, 'Troubleshooting').flatMap(
    ([seen = '']) => /^"(.+)"/.exec(seen)?.[1] ?? [],
  );

  for (const message of quoted) {
    it(`are what the program says: ${message}`, () => {
      // The dots stand for what differs.
      for (const part of message.split('...')) expect(source).to.include(part.trim());
    });
  }
});
