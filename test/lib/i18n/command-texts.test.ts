import { expect } from 'chai';
import { commandTable } from '../../../src/command-table.ts';
import type { BaseCommand, CommandTexts } from '../../../src/lib/base-command.ts';
import { helpTexts } from '../../../src/lib/i18n/help-texts.ts';
import type { Language } from '../../../src/lib/i18n/language.ts';
import { sharedTexts } from '../../../src/lib/i18n/shared-texts.ts';

const ids = Object.keys(commandTable) as (keyof typeof commandTable)[];

const classOf = (id: string) => commandTable[id as (typeof ids)[number]] as unknown as typeof BaseCommand;

function textsOf(id: string, language: Language): CommandTexts {
  return classOf(id).texts[language];
}

/** Flags by every name under which they can be typed. */
function typeableFlags(id: string): string[] {
  const { flags, baseFlags } = classOf(id);
  const named = Object.entries({ ...baseFlags, ...flags }).flatMap(([name, { aliases = [], char }]) => [
    ...[name, ...aliases].map((each) => `--${each}`),
    ...(char ? [`-${char}`] : []),
  ]);
  return [...named, '--help', '-h'];
}

for (const language of ['en', 'es'] satisfies Language[]) {
  describe(`the help texts in ${language}`, () => {
    for (const id of ids) {
      describe(id.replaceAll(':', ' '), () => {
        const texts = textsOf(id, language);

        it('has a summary of one short line, and a description of whole sentences if any', () => {
          expect(texts.summary).to.match(/^\S.*[^.\s]$/);
          expect(texts.summary.length).to.be.at.most(70);
          if (texts.description !== undefined) expect(texts.description).to.match(/^\S.*\.$/s);
        });

        it('describes each of its flags and arguments, and nothing that it does not have', () => {
          const { flags = {}, args = {} } = classOf(id);
          expect(Object.keys(texts.flags ?? {})).to.have.members(Object.keys(flags));
          expect(Object.keys(texts.args ?? {})).to.have.members(Object.keys(args));
          for (const description of Object.values({ ...texts.flags, ...texts.args })) {
            expect(description).to.match(/^\S.*\.$/);
          }
        });

        it('has examples, which are about it and use flags that it has', () => {
          const examples = Object.entries(texts.examples);
          expect(examples).to.not.have.length(0);
          for (const [line, description] of examples) {
            expect(description).to.match(/^\S.*[^.\s]$/);
            const [, typed = ''] = /\bairbnb (.*)/.exec(line) ?? [];
            expect(commandAtBeginning(typed), line).to.equal(id);
            const [before = ''] = typed.split(' -- ');
            const flags = before.match(/(?<= )--?[a-z][a-z-]*/g) ?? [];
            expect(typeableFlags(id), line).to.include.members(flags);
          }
        });

        it('has the same examples in every language', () => {
          expect(Object.keys(texts.examples)).to.deep.equal(Object.keys(textsOf(id, 'en').examples));
        });
      });
    }

    it('describe the flags that all commands take', () => {
      const shared = Object.keys({ ...classOf('whoami').baseFlags, help: true });
      expect(Object.keys(sharedTexts[language].flags)).to.have.members(shared);
    });

    it('describe every topic', () => {
      const topics = ids.filter((id) => id.includes(':')).map((id) => id.slice(0, id.lastIndexOf(':')));
      expect(Object.keys(helpTexts[language].topics)).to.have.members([...new Set(topics)]);
    });
  });
}

/** The longest run of words that names a command. */
function commandAtBeginning(line: string): string | undefined {
  const words = line.split(' ');
  const candidates = words.map((_, index) => words.slice(0, words.length - index).join(':'));
  return candidates.find((candidate) => candidate in commandTable);
}
