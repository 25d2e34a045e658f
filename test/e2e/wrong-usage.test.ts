import { expect } from 'chai';
import { newUser, type User } from '../support/cli.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';

/** Looks like a token. */
const SECRET = 'Zm9yYmlkZGVuLXRva2VuLWluLXRoZS13cm9uZy1wbGE';

describe('wrong usage', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  after(() => user.dispose());

  const cases: [string, string[], string, object?][] = [
    ['a command that is none', ['whoareyou'], 'unknown_command'],
    ['a command of a topic that is none', ['sessions', 'burn'], 'unknown_command'],
    ['help on what is none', ['help', 'whoareyou'], 'unknown_command'],
    ['an empty word', [''], 'unknown_command'],
    ['help on an empty word', ['help', ''], 'unknown_command'],
    ['a flag of no command', ['--nonsense'], 'unknown_flag', { flag: '--nonsense' }],
    ['a flag of no command before one', ['--nonsense', 'whoami'], 'unknown_flag', { flag: '--nonsense' }],
    ['a flag of no topic', ['sessions', '--nonsense'], 'unknown_flag', { flag: '--nonsense' }],
    ['a flag of help', ['help', 'sessions', '--nonsense'], 'unknown_flag', { flag: '--nonsense' }],
    ['a command behind --', ['--', 'whoami'], 'unknown_flag'],
    ['an unknown flag', ['whoami', '--nonsense'], 'unknown_flag', { flag: '--nonsense' }],
    ['an unknown flag with a value', ['login', '--pass=hunter2-hunter2'], 'unknown_flag', { flag: '--pass' }],
    ['a flag of oclif’s', ['whoami', '--no-strict'], 'unknown_flag'],
    ['an unknown letter', ['whoami', '-x'], 'unknown_flag', { flag: '-x' }],
    ['an argument too many', ['whoami', 'me'], 'unexpected_argument'],
    [
      'a value for a flag that takes none',
      ['whoami', '--strict=yes'],
      'superfluous_value',
      { flag: '--strict' },
    ],
    [
      'a value for one before the command',
      ['--strict=yes', 'whoami'],
      'superfluous_value',
      { flag: '--strict' },
    ],
    ['an argument behind --', ['whoami', '--', '--json'], 'unexpected_argument'],
    ['an argument that is missing', ['sessions', 'revoke'], 'missing_argument'],
    ['a flag without its value', ['login', '--email'], 'missing_value', { flag: '--email' }],
    ['a flag for a value', ['login', '--email', '--strict'], 'missing_value', { flag: '--email' }],
    ['a flag given twice', ['login', '--email', 'a@b.c', '--email', 'd@e.f'], 'conflicting_flags'],
    ['the same of another', ['sessions', 'check', '--min-ttl', '5m', '--min-ttl', '1s'], 'conflicting_flags'],
    ['a rol that is none', ['register', '--rol', 'KING'], 'invalid_value', { flag: '--rol' }],
  ];
  for (const [what, args, reason, more = {}] of cases) {
    it(`${what}: 2`, async () => {
      const text = await user.run(args);
      expect(text).to.include({ code: 2, stdout: '' });
      expect(text.stderr).to.match(/^Error: .+\.\n.*(airbnb .*--help|Possible values|Leave one)/);
      // Behind the words of the command, where it is neither a value nor behind --.
      const flags = args.findIndex((word) => word.startsWith('-'));
      const at = flags === -1 ? args.length : flags;
      const json = await user.run([...args.slice(0, at), '--json', ...args.slice(at)]);
      expect(jsonFailure(json)).to.include({ code: 2, reason, ...more });
    });
  }

  it('suggests what may have been meant, and does not do it', async () => {
    for (const [args, hint, spanish] of [
      [['sesions', 'list'], 'Did you mean "airbnb sessions list"?', '¿Querías decir "airbnb sessions list"?'],
      [['help', 'sesions'], 'Did you mean "airbnb sessions"?', '¿Querías decir "airbnb sessions"?'],
      [['--jsn', 'whoami'], 'Did you mean --json?', '¿Querías decir --json?'],
      [['--verson'], 'Did you mean --version?', '¿Querías decir --version?'],
      [['whoami', '--jsn'], 'Did you mean --json?', '¿Querías decir --json?'],
      [['login', '--password=hunter2'], 'Did you mean --password-file?', '¿Querías decir --password-file?'],
    ] as const) {
      const english = await user.run([...args]);
      expect(english, args.join(' ')).to.include({ code: 2, stdout: '' });
      expect(english.stderr).to.contain(`\n${hint} `).and.not.to.contain('hunter2');
      const other = await user.run([...args], { env: { LC_ALL: 'es_AR.UTF-8' } });
      expect(other.stderr).to.contain(`\n${spanish} `);
    }
    const json = await user.run(['sesions', 'list', '--json']);
    expect(jsonFailure(json).hint).to.contain('Did you mean "airbnb sessions list"?');
  });

  it('is said in Spanish to those who speak it', async () => {
    const wrong = await user.run(['whoami', '--nonsense'], { env: { LC_ALL: 'es_AR.UTF-8' } });
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.match(/^Error: Aquí no hay ninguna opción --nonsense|^Error: .*opción/);
  });

  it('repeats nothing that looks like a token, wherever it was typed', async () => {
    await Promise.all(
      [
        [SECRET],
        [`--${SECRET}`],
        ['whoami', SECRET],
        ['whoami', `--${SECRET}`],
        ['whoami', `--token=${SECRET}`],
        ['whoami', '--token', SECRET],
        ['login', '--email', SECRET],
        ['register', '--rol', SECRET],
        ['sessions', SECRET],
        ['sessions', 'revoke', SECRET],
        ['help', SECRET],
        ['logout', SECRET],
      ].map(async (args) => {
        for (const flags of [[], ['--json']]) {
          const wrong = await user.run([...args, ...flags]);
          expect(wrong.code, args.join(' ')).to.equal(2);
          expect(wrong.stdout + wrong.stderr, args.join(' ')).not.to.contain(SECRET.slice(0, 12));
        }
      }),
    );
  });

  it('repeats no value of a flag, nor an argument, which may be a password', async () => {
    await Promise.all(
      [
        ['login', '--password=hunter2-hunter2'],
        ['login', 'hunter2-hunter2'],
        ['login', '--password-stdin=hunter2-hunter2'],
        ['register', '--rol=hunter2-hunter2'],
        ['sessions', 'revoke', 'hunter2-hunter2'],
      ].map(async (args) => {
        const wrong = await user.run(args);
        expect(wrong.code, args.join(' ')).to.equal(2);
        expect(wrong.stdout + wrong.stderr, args.join(' ')).not.to.contain('hunter2');
      }),
    );
  });

  it('shows help for nothing at all, and for a topic', async () => {
    await Promise.all(
      [[], ['sessions'], ['db'], ['local']].map(async (args) => {
        const shown = await user.run(args);
        expect(shown, args.join(' ')).to.include({ code: 0, stderr: '' });
        expect(shown.stdout).to.match(/USAGE/);
      }),
    );
  });

  it('is not where flags of every command stand before it', async () => {
    await using owner = await newUser();
    await holdSession(owner);
    for (const args of [
      ['--json', 'whoami'],
      ['--no-input', '--json', '--strict', 'whoami'],
      ['--strict', 'whoami', '--json'],
      ['--json', 'sessions', 'list'],
    ]) {
      const result = await owner.run(args);
      expect(result, args.join(' ')).to.include({ code: 0, stderr: '' });
      expect(result.json()).not.to.have.property('error');
    }
    const passedOn = await owner.run(['--strict', 'exec', '--', 'echo', '--json']);
    expect(passedOn).to.include({ code: 0, stdout: '--json\n', stderr: '' });
    const told = await owner.run(['login', '--email', 'a@b.c', '--email', 'd@e.f']);
    expect(told.stderr).to.contain('--email was given more than once');
    const before = await user.run(['--json', 'whoami']);
    expect(jsonFailure(before)).to.include({ code: 4, reason: 'never' });
  });
});
