import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { commandTable } from '../../../src/command-table.ts';
import type { BaseCommand } from '../../../src/lib/base-command.ts';
import { ExitCode } from '../../../src/lib/exit-codes.ts';
import { helpHeadings, helpTexts } from '../../../src/lib/i18n/help-texts.ts';
import type { Language } from '../../../src/lib/i18n/language.ts';
import { printedHelp, type Surroundings } from './printed-help.ts';

const ids = Object.keys(commandTable);
const topics = Object.keys(helpTexts.en.topics);
const subjects = ['', 'exit-codes', ...topics, ...ids].map((id) => id.split(':').filter(Boolean));

const print = (subject: string, surroundings: Surroundings = {}) =>
  printedHelp(subject.split(' ').filter(Boolean), surroundings);

/** Lines that stand at the margin in capitals. */
const headingsOf = (page: string) => page.match(/^\p{Lu}[\p{Lu} ]+$/gmu) ?? [];
const widthOf = (page: string) => Math.max(...page.split('\n').map((line) => [...line].length));
const onOneLine = (text: string) => text.replace(/\s+/g, ' ');

describe('help', () => {
  for (const language of ['en', 'es'] satisfies Language[]) {
    const env = { AIRBNB_LANG: language };

    describe(`in ${language}`, () => {
      for (const subject of subjects) {
        const name = ['airbnb', ...subject].join(' ');

        it(`about "${name}" fits 80 columns and has nothing of another language's headings`, async () => {
          const page = await print(subject.join(' '), { env });
          expect(widthOf(page)).to.be.at.most(80);
          expect(page).to.not.match(/undefined|\u001b|<%/);
          const english = Object.keys(helpHeadings.es);
          const own = language === 'en' ? english : Object.values(helpHeadings.es);
          expect(headingsOf(page)).to.not.have.length(0);
          expect(own).to.include.members(headingsOf(page));
        });

        it(`about "${name}" is whole on a narrow and on a wide terminal`, async () => {
          const page = await print(subject.join(' '), { env });
          for (const columns of [30, 40, 59, 60, 72]) {
            const narrow = await print(subject.join(' '), { env: { ...env, NO_COLOR: '1' }, columns });
            expect(widthOf(narrow), `${columns} columns`).to.be.at.most(columns);
          }
          expect(await print(subject.join(' '), { env: { ...env, NO_COLOR: '1' }, columns: 200 })).to.equal(
            page,
          );
        });
      }

      it('tells all of a command', async () => {
        for (const id of ids) {
          const { texts } = commandTable[id as keyof typeof commandTable] as unknown as typeof BaseCommand;
          const { summary, description = '', examples, flags, args } = texts[language];
          const page = onOneLine(await print(id.replaceAll(':', ' '), { env }));
          const descriptions = Object.values({ ...examples, ...flags, ...args });
          for (const text of [summary, description, ...descriptions]) expect(page).to.contain(text);
          for (const flag of Object.keys(flags ?? {})) expect(page).to.contain(`--${flag}`);
        }
      });

      it('names every topic and command from the root on', async () => {
        const root = await print('', { env });
        for (const id of ids) {
          const [topic, command] = id.split(':');
          expect(root).to.match(new RegExp(`^  ${topic} `, 'm'));
          if (command)
            expect(await print(topic ?? '', { env })).to.match(new RegExp(`^  ${topic} ${command} `, 'm'));
        }
        expect(root).to.contain(helpTexts[language].program);
        expect(root)
          .to.match(/ -h, --help /)
          .and.to.match(/ -v, --version /);
        expect(root).to.contain('airbnb help exit-codes');
      });

      it('has the table of exit codes', async () => {
        const page = await print('exit-codes', { env });
        for (const code of Object.values(ExitCode)) expect(page).to.match(new RegExp(`^  ${code} `, 'm'));
      });
    });
  }

  it('is in the language of the locale', async () => {
    expect(await print('login', { env: { LC_ALL: 'es_AR.UTF-8' } })).to.contain('\nUSO\n');
    expect(await print('login', { env: { LANG: 'C.UTF-8' } })).to.contain('\nUSAGE\n');
  });

  it('shows other names, defaults and values of a flag', async () => {
    const english = onOneLine(await print('register'));
    expect(english).to.contain('[also: --name]').and.to.contain('[also: --role]');
    expect(english).to.contain('[default: HUESPED]').and.to.contain('<values: HUESPED|ANFITRION|AMBOS>');
    const spanish = onOneLine(await print('register', { env: { AIRBNB_LANG: 'es' } }));
    expect(spanish).to.contain('[también: --name]').and.to.contain('[por defecto: HUESPED]');
    expect(spanish).to.contain('<valores: HUESPED|ANFITRION|AMBOS>');
  });

  it('never parts a flag from its value in a usage line', async () => {
    expect(await print('register')).to.contain(
      '  $ airbnb register [--email <email>] [--nombre <nombre>] [--rol <rol>]\n      [--password-file <file> | --password-stdin]\n',
    );
  });

  it('is coloured as the theme says', async () => {
    const plain = await print('login');
    const bold = (page: string) => page.includes('\u001b[1mUSAGE\u001b[22m');
    expect(bold(await print('login', { columns: 80 }))).to.equal(true);
    expect(bold(await print('login', { env: { FORCE_COLOR: '1' } }))).to.equal(true);
    expect(bold(await print('login', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }))).to.equal(true);
    expect(await print('login', { columns: 80, env: { NO_COLOR: '1' } })).to.equal(plain);
    expect(await print('login', { columns: 80, env: { FORCE_COLOR: '0' } })).to.equal(plain);
    expect(await print('login', { columns: 80, env: { TERM: 'dumb' } })).to.equal(plain);
    expect(bold(await print('login', { columns: 80, env: { NO_COLOR: '' } }))).to.equal(true);
  });

  it('loads no driver of a server and nothing that hashes', () => {
    const script = `
      process.argv.push('bin/dev.js', '--help');
      process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));
      require('./bin/dev.js');`;
    const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], {
      cwd: path.resolve(__dirname, '../../..'),
      encoding: 'utf8',
      env: { ...process.env, AIRBNB_DEV: 'yes' }, // as the process that bin/dev.js starts
    });
    expect(status).to.equal(0);
    expect(stderr).to.match(/node_modules\/@oclif\//);
    expect(stderr).to.not.match(/node_modules\/(ioredis|pg|kysely|bcrypt)\//);
  });
});
