import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { commandTable } from '../../src/command-table.ts';
import { tableUnder } from '../docs/markdown-table.ts';
import { newAccount, register } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'json.md'), 'utf8');

/** Those that refuse `--json`. */
type WithoutDocument = 'completion' | 'exec';

/** Under which heading of docs/json.md the document of each command is. */
const HEADINGS: Record<Exclude<keyof typeof commandTable, WithoutDocument>, string> = {
  doctor: 'doctor',
  login: 'login, whoami and sessions check',
  whoami: 'login, whoami and sessions check',
  register: 'register',
  'sessions:check': 'login, whoami and sessions check',
  'sessions:list': 'sessions list',
  'sessions:revoke': 'sessions revoke, sessions revoke-all, logout, password and db set-password',
  'sessions:revoke-all': 'sessions revoke, sessions revoke-all, logout, password and db set-password',
  logout: 'sessions revoke, sessions revoke-all, logout, password and db set-password',
  password: 'sessions revoke, sessions revoke-all, logout, password and db set-password',
  'db:set-password': 'sessions revoke, sessions revoke-all, logout, password and db set-password',
  'db:migrate': 'db migrate',
  'db:status': 'db status',
  'local:status': 'local status',
  'local:stop': 'local stop',
  'local:reset': 'local reset',
};

describe('the documents of --json', function () {
  this.timeout(60_000);

  for (const [where, configured] of [
    ['on configured servers', true],
    ['on the embedded engines', false],
  ] as const) {
    it(`are as docs/json.md says, of every command, ${where}`, async () => {
      const user = await newUser({ configured });
      try {
        const documents = await everyDocument(user);
        expect(Object.keys(documents).sort()).to.deep.equal(Object.keys(HEADINGS).sort());
        for (const [command, document] of Object.entries(documents)) {
          holdTo(membersOf(HEADINGS[command as keyof typeof HEADINGS]), document, command);
        }
      } finally {
        await user.dispose();
      }
    });
  }

  it('are as docs/json.md says of a stand-in', async () => {
    const user = await newUser();
    try {
      const { email, password } = await register(user);
      const env = { REDIS_URL: 'redis://127.0.0.1:1' };
      const login = ['login', '--email', email, '--password-stdin'];
      for (const [args, heading] of [
        [login, HEADINGS.login],
        [['whoami'], HEADINGS.whoami],
        [['local', 'status'], HEADINGS['local:status']],
        [['doctor'], HEADINGS.doctor],
      ] as const) {
        const document = (await user.run([...args, '--json'], { env, input: password })).json();
        holdTo(membersOf(heading), document, args.join(' '));
        if (args[0] === 'local') expect(document.stand_ins).to.have.length(1);
      }
    } finally {
      await user.dispose();
    }
  });

  it('are as docs/json.md says where a command fails', async () => {
    const user = await newUser();
    try {
      const failures: [string[], NodeJS.ProcessEnv, string][] = [
        [['whoami'], {}, 'never'],
        [['login', '--password'], {}, 'unknown_flag'],
        [['login'], {}, 'missing_flag'],
        [['register'], { REDIS_URL: '' }, 'empty_setting'],
        [['whoami'], { REDIS_URL: 'redis://127.0.0.1:1', AIRBNB_TOKEN: 'x'.repeat(43) }, 'unreachable'],
        [['no-such-command'], {}, 'unknown_command'],
      ];
      for (const [args, env, reason] of failures) {
        const result = await user.run([...args, '--json'], { env });
        const { error, ...others } = result.json();
        expect(others).to.deep.equal({});
        holdTo(membersOf('Errors'), error, args.join(' '));
        expect(error).to.include({ code: result.code, reason });
        expect(result.stderr).to.equal('');
      }
    } finally {
      await user.dispose();
    }
  });
});

/** Runs every command once, in an order in which all succeed. */
async function everyDocument(user: User): Promise<Record<string, unknown>> {
  const { email, password, nombre } = newAccount();
  const documents: Record<string, unknown> = {};
  const run = async (id: string, flags: string[] = [], input = '') => {
    const result = await user.run([...id.split(':'), ...flags, '--json'], { input, timeoutMs: 30_000 });
    expect(result.code, `${id}: ${result.stdout}${result.stderr}`).to.equal(0);
    documents[id] = result.json();
    return result.json();
  };
  const login = () => run('login', ['--email', email, '--password-stdin'], `${password}\n`);

  await run('register', ['--email', email, '--nombre', nombre, '--password-stdin'], `${password}\n`);
  const { id } = await login();
  await login();
  await run('whoami');
  await run('sessions:check', ['--min-ttl', '5s']);
  await run('sessions:list');
  await run('sessions:revoke', [id]);
  await run('doctor');
  await run('db:migrate');
  await run('db:status');
  await run('local:status');
  await run('password', ['--password-stdin'], `${password}\n${password}-2\n`);
  await run('db:set-password', ['--email', email, '--password-stdin'], `${password}\n`);
  await login();
  await run('sessions:revoke-all', ['--yes']);
  await login();
  await run('logout');
  await run('local:stop');
  await run('local:reset', ['--yes']);
  return documents;
}

interface Member {
  readonly types: readonly string[];
  readonly isOptional: boolean;
}

/** The members under a heading; those of a session go with them where its section says so. */
function membersOf(heading: string): Map<string, Member> {
  const section = PAGE.split(new RegExp(`^#{2,3} ${heading}$`, 'm'))[1] ?? '';
  const inherited = /^\s*\[A session\]\(#a-session\), and:/.test(section) ? membersOf('A session') : [];
  const own = tableUnder(PAGE, heading).map(([name = '', type = '']): [string, Member] => {
    const isOptional = type.endsWith(', optional');
    return [name.replaceAll('`', ''), { types: type.replace(', optional', '').split(' or '), isOptional }];
  });
  return new Map([...inherited, ...own]);
}

function holdTo(members: Map<string, Member>, document: unknown, where: string): void {
  expect(document, where).to.be.an('object');
  const values = document as Record<string, unknown>;
  const required = [...members].filter(([, { isOptional }]) => !isOptional).map(([name]) => name);
  expect(Object.keys(values), where).to.include.members(required);
  for (const [name, value] of Object.entries(values)) {
    const path = `${where}: ${name}`;
    const member = members.get(name);
    if (!member) throw new Error(`${path} is not documented`);
    const fits = member.types.some((type) => isOfType(type, value, path));
    expect(fits, `${path} = ${JSON.stringify(value)} is no ${member.types.join(' or ')}`).to.equal(true);
  }
}

/** For a list or an object of documented form, its members are held to their own table. */
function isOfType(type: string, value: unknown, path: string): boolean {
  const nested = NESTED[type];
  if (nested) return nested(value, path);
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'time':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
    case 'list of strings':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    default:
      throw new Error(`docs/json.md has a type that is not known: ${type}`);
  }
}

const NESTED: Record<string, (value: unknown, path: string) => boolean> = {
  'list of sessions': listOf('A session'),
  'list of checks': listOf('A check'),
  'list of stand-ins': listOf('A stand-in'),
  'list of settings': listOf('A setting'),
  error: (value, path) => {
    holdTo(membersOf('Errors'), value, path);
    return true;
  },
  facts: (value, path) => {
    const facts = [...membersOf('Facts')].map(
      ([name, member]) => [name, { ...member, isOptional: true }] as const,
    );
    holdTo(new Map(facts), value, path);
    return true;
  },
};

function listOf(heading: string) {
  return (value: unknown, path: string): boolean => {
    if (!Array.isArray(value)) return false;
    for (const [index, each] of value.entries()) holdTo(membersOf(heading), each, `${path}[${index}]`);
    return true;
  };
}
