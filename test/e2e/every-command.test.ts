import { expect } from 'chai';
import { newAccount, register } from '../support/accounts.ts';
import { newUser, type Result } from '../support/cli.ts';
import { type Known, type WalkedCommand, walkedCommands, walkedHelp } from '../support/command-walks.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession } from '../support/held-session.ts';
import { inPool } from '../support/in-pool.ts';

/** Commands that run at the same time. */
const AT_ONCE = 6;

/** Nobody listens there. */
const NO_REDIS = 'redis://127.0.0.1:1/0';
const NO_POSTGRES = 'postgres://robot:robot@127.0.0.1:1/db';

/** How a command has to end: 0, or the error with these members, words apart. */
type Expected = 'done' | { code: number; reason: string; flag?: string; engine?: string };

interface Situation {
  env?: NodeJS.ProcessEnv;
  /** Which Redis the command's token file names; there is none unless said. */
  sessionAt?: () => string;
  /** What is typed behind the words of the command, instead of what it needs. */
  args?: string[];
  expected(command: WalkedCommand): Expected;
}

const asks = ({ asks = [], needsSession }: WalkedCommand, engine: 'redis' | 'postgres') =>
  asks.includes(engine) || (engine === 'redis' && needsSession);

const situations: Record<string, Situation> = {
  'no session': {
    expected: ({ needsSession }) => (needsSession ? { code: 4, reason: 'never' } : 'done'),
  },
  'Redis down': {
    // Without it a login would make do with a stand-in on this machine.
    env: { REDIS_URL: NO_REDIS, AIRBNB_STRICT: '1' },
    sessionAt: () => NO_REDIS,
    expected: (command) =>
      asks(command, 'redis') ? { code: 69, reason: 'unreachable', engine: 'redis' } : 'done',
  },
  'PostgreSQL down': {
    env: { DATABASE_URL: NO_POSTGRES },
    sessionAt: () => engines.redisUrl,
    expected: (command) =>
      asks(command, 'postgres') ? { code: 69, reason: 'unreachable', engine: 'postgres' } : 'done',
  },
  'a bad flag': {
    sessionAt: () => engines.redisUrl,
    args: ['--nonsense'],
    expected: () => ({ code: 2, reason: 'unknown_flag', flag: '--nonsense' }),
  },
  'a missing flag without a terminal': {
    sessionAt: () => engines.redisUrl,
    args: [],
    expected: ({ missing }) => (missing ? { code: 2, ...missing } : 'done'),
  },
};

interface Cell {
  command: WalkedCommand;
  situation: Situation;
}

/** A command in a situation, with and without `--json`. */
interface Walked {
  text: Result;
  json: Result;
}

describe('every command and topic', function () {
  this.timeout(120_000);

  async function walk({ command, situation }: Cell, account: Known['account']): Promise<Walked> {
    const run = async (flags: string[]) => {
      await using user = await newUser();
      const { sessionAt } = situation;
      const session = await (sessionAt ? holdSession(user, { claimedUrl: sessionAt() }) : startSession());
      const known = { account, stranger: newAccount(), session };
      const args = situation.args ?? command.args?.(known) ?? [];
      return user.run([...command.words, ...flags, ...args], {
        env: situation.env ?? {},
        input: command.input?.(known) ?? '',
      });
    };
    return { text: await run([]), json: await run(['--json']) };
  }

  const cells = [...walkedCommands, ...walkedHelp].flatMap((command) =>
    Object.entries(situations).map(([name, situation]) => ({ command, situation, name })),
  );
  const walked = new Map<Cell, Walked>();
  before(async () => {
    await using user = await newUser();
    const account = await register(user);
    await inPool(cells, AT_ONCE, async (cell) => walked.set(cell, await walk(cell, account)));
  });

  for (const cell of cells) {
    const { command, situation, name } = cell;
    const expected = situation.expected(command);
    const end = expected === 'done' ? 'is done' : `${expected.code}, ${expected.reason}`;
    it(`airbnb ${command.words.join(' ')}, with ${name}: ${end}`, () => {
      const { text, json } = walked.get(cell) as Walked;
      if (command.reports && expected !== 'done' && expected.code === 69) {
        expectReport(text, json, expected);
      } else {
        expectText(text, expected);
        expectJson(json, jsonEnd(command, expected));
      }
    });
  }
});

describe('every command that asks', function () {
  this.timeout(60_000);

  const asking = walkedCommands.filter(({ missing }) => missing?.flag !== undefined);
  for (const { words, missing } of asking) {
    it(`airbnb ${words.join(' ')} does not where it must not, on a terminal too: 2, and names ${missing?.flag}`, async () => {
      await using user = await newUser();
      await holdSession(user);
      await inPool(
        [
          { flags: ['--no-input'], env: {} },
          { flags: [], env: { AIRBNB_NO_INPUT: '1' } },
          { flags: [], env: { CI: 'true' } },
        ],
        3,
        async ({ flags, env }) => {
          const { code, text } = await user.terminal([...words, ...flags], { env }).exit();
          expect(code, text).to.equal(2);
          expect(text).to.contain(missing?.flag);
        },
      );
    });
  }
});

/** How it ends under `--json`, which is wrong usage where there is no result that it could print. */
function jsonEnd({ printsJson }: WalkedCommand, expected: Expected): Expected {
  const isParsed = expected === 'done' || !['unknown_flag', 'missing_argument'].includes(expected.reason);
  return printsJson || !isParsed ? expected : { code: 2, reason: 'json_refused', flag: '--json' };
}

function expectText(result: Result, expected: Expected): void {
  if (expected === 'done') {
    expect(result, result.stderr).to.include({ code: 0, stderr: '' });
    return;
  }
  expect(result, result.stdout + result.stderr).to.include({ code: expected.code, stdout: '' });
  // One sentence, and then what to type.
  expect(result.stderr).to.match(/^Error: ["A-Z][^\n]*\.\n[A-Z][^\n]*\n$/);
}

function expectJson(result: Result, expected: Expected): void {
  expect(result, result.stdout + result.stderr).to.include({ stderr: '' });
  const document = result.json();
  if (expected === 'done') {
    expect(result.code).to.equal(0);
    expect(document).to.be.an('object').that.does.not.have.property('error');
    return;
  }
  expect(result.code).to.equal(expected.code);
  const { message, hint } = document.error;
  expect(document).to.deep.equal({ error: { ...expected, message, hint } });
  expect(message).to.match(/^["A-Z][^\n]*\.$/);
  expect(hint).to.match(/^[A-Z][^\n]*$/);
}

/** One whose result is what is wrong. */
function expectReport(text: Result, json: Result, { code, reason, engine }: Exclude<Expected, 'done'>): void {
  for (const result of [text, json]) expect(result).to.include({ code, stderr: '' });
  const { ok, checks } = json.json();
  expect(ok).to.equal(false);
  const faults = checks.filter(({ status }: { status: string }) => status === 'fault');
  expect(faults).not.to.deep.equal([]);
  expect(faults[0].error).to.include({ code, reason, engine });
  expect(text.stdout).to.contain(faults[0].error.message);
}
