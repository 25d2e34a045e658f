import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { Client } from 'pg';
import { commandTable } from '../../src/command-table.ts';
import { hashPassword } from '../../src/lib/auth/password-hash.ts';
import type { Language } from '../../src/lib/i18n/language.ts';
import { newUser, type User } from '../support/cli.ts';
import type { FreshDatabase } from '../support/engines/engine-factory.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession } from '../support/held-session.ts';
import { migrate } from '../support/migrate.ts';
import type { Terminal } from '../support/terminal.ts';

/** Who the examples are about, and her passwords. */
const ANA = 'ana@example.com';
const OLD = 'the old word of Ana';
const NEW = 'the new word of Ana';

/** What a person answers to each question that an example may ask, in either language. */
const ANSWERS: readonly (readonly [question: RegExp, answer: string])[] = [
  [/E-mail|Correo/, ANA],
  [/Name|Nombre/, 'Ana'],
  [/New password|Contraseña nueva|again|otra vez/, NEW],
  [/Password|Old password|Contraseña|Contraseña anterior/, OLD],
  [/\(y\/N\)/, 'y'],
  [/\(s\/N\)/, 's'],
];
const QUESTION = /\? ([^\n?]*:|[^\n]*\([ys]\/N\)) *$/m;

const examples = Object.entries(commandTable).flatMap(([id, { texts }]) =>
  Object.entries(texts.en.examples).map(([line]) => ({ id, line })),
);

describe('the examples of the help', function () {
  this.timeout(60_000);
  let database: FreshDatabase;
  let hash: string;
  const redisUrl = () => engines.redisUrlForDb(13);
  before(async () => {
    database = await engines.freshDatabase();
    await migrate(database.url);
    hash = await hashPassword(OLD);
  });
  after(() => database.drop());

  /** Makes the account anew, or takes it away. @returns its id */
  async function prepareAccount(exists: boolean): Promise<number> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('truncate usuario restart identity cascade');
      if (!exists) return 0;
      const insert =
        'insert into usuario (email, password_hash, rol, nombre) values ($1, $2, $3, $4) returning id';
      const { rows } = await client.query(insert, [ANA, hash, 'HUESPED', 'Ana']);
      return Number(rows[0].id);
    } finally {
      await client.end();
    }
  }

  /** The files and programs that examples name. */
  async function prepareFolder(user: User): Promise<void> {
    const write = (name: string, content: string, mode = 0o600) =>
      writeFile(path.join(user.folders.work, name), content, { mode });
    await write('password.txt', `${OLD}\n`);
    await write('old-and-new.txt', `${OLD}\n${NEW}\n`);
    await write('nightly-report.sh', '#!/bin/sh\nairbnb whoami\n', 0o755);
    await write('Makefile', 'deploy:\n\t@airbnb whoami\n');
  }

  /** The ids in an example are somebody else's: those of two sessions that there are stand in for them. */
  async function withOwnIds(line: string, userId: number): Promise<string> {
    let own = line;
    for (const id of line.match(/\b[0-9a-f]{4,12}\b/g) ?? []) {
      const { token } = await startSession({ url: redisUrl(), wire: { user_id: userId, email: ANA } });
      own = own.replace(
        id,
        createHash('sha256').update(token).digest('hex').slice(0, Math.max(id.length, 8)),
      );
    }
    return own;
  }

  async function run(id: string, line: string, language: Language) {
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl(),
      AIRBNB_LANG: language,
      OLD,
      NEW,
    };
    await using user = await newUser({ env });
    await prepareFolder(user);
    const userId = await prepareAccount(id !== 'register');
    const wire = { user_id: userId, email: ANA };
    if (id !== 'login' && id !== 'register') await holdSession(user, { url: redisUrl(), wire });
    const script = id === 'sessions:revoke' ? await withOwnIds(line, userId) : line;
    await writeFile(path.join(user.folders.work, 'example.bash'), `set -e\n${script}\n`);
    const terminal = user.shellTerminal('exec bash example.bash', {
      env: { PATH: await user.linkedPath() },
      columns: 200,
    });
    const asked = await answerAll(terminal);
    return { ...(await terminal.exit()), asked };
  }

  /** Answers until the program ends. @returns how often it asked */
  async function answerAll(terminal: Terminal): Promise<number> {
    for (let asked = 0; ; asked++) {
      const question = await terminal.expect(QUESTION).catch(() => undefined);
      if (!question) return asked;
      const answer = ANSWERS.find(([pattern]) => pattern.test(question[0]))?.[1];
      if (answer === undefined) throw new Error(`nobody knows what to answer to "${question[0]}"`);
      terminal.answer(answer);
      await terminal.expect(/✔/); // until then the question is drawn again with each key
    }
  }

  for (const { id, line } of examples) {
    it(`${line} works as it is printed`, async function () {
      if (/\bmake\b/.test(line)) skipWithout('make', this);
      skipWithout('bash', this);
      const { code, text, asked } = await run(id, line, 'en');
      expect(code, text).to.equal(0);
      // The lines are the same in both languages: only what is asked differs.
      if (asked === 0) return;
      const spanish = await run(id, line, 'es');
      expect(spanish, spanish.text).to.include({ code: 0, asked });
      expect(spanish.text).not.to.match(/E-mail:|[Pp]assword:|Name:/);
    });
  }
});

function skipWithout(program: string, test: Mocha.Context): void {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
  } catch {
    test.skip();
  }
}
