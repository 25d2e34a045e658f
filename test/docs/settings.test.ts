import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'dotenv';

const ROOT = join(__dirname, '..', '..');
const NAME = /AIRBNB_[A-Z_]+|REDIS_[A-Z_]+|PG[A-Z]{4,}|DATABASE_URL/;
/** Switches of oclif that are made ineffective. */
const WITHOUT_EFFECT = ['AIRBNB_DEBUG', 'AIRBNB_CONTENT_TYPE'];

describe('the settings in .env.example', () => {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  const listed = new Set(
    [...example.matchAll(new RegExp(`^# (${NAME.source})=`, 'gm'))].map(([, name]) => name),
  );

  it('are all that the program reads, and no others', () => {
    expect([...listed].sort()).to.deep.equal(settingsInSource());
  });

  it('change nothing as they are', () => {
    expect(parse(example)).to.deep.equal({});
  });

  it('are real lines behind their marks', () => {
    const uncommented = example.replace(new RegExp(`^# (?=(${NAME.source})=)`, 'gm'), '');
    expect(Object.keys(parse(uncommented)).sort()).to.deep.equal([...listed].sort());
  });

  it('are all in the table of the README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const table = readme.split('\n').filter((line) => line.startsWith('| `'));
    for (const name of listed) {
      expect(
        table.some((row) => row.split('|')[1]?.includes(`\`${name}\``)),
        name,
      ).to.equal(true);
    }
  });
});

/** Names that stand in the source as a string of their own, or as a property of the environment. */
function settingsInSource(): string[] {
  const source = join(ROOT, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const read = new RegExp(`'(${NAME.source})'|\\benv(?:ironment)?\\.(${NAME.source})`, 'g');
  const names = files.flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(read)].map(
      ([, text, property]) => text ?? property,
    ),
  );
  return [...new Set(names)]
    .filter((name) => name !== undefined && !WITHOUT_EFFECT.includes(name))
    .sort() as string[];
}
