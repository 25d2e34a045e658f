import path from 'node:path';
import { expect } from 'chai';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { holdSession } from '../support/held-session.ts';

const DEVELOPMENT = path.resolve(__dirname, '../../bin/dev.js');

describe('bin/dev.js', () => {
  let user: User;
  before(async () => {
    user = await newUser();
    await holdSession(user);
  });
  after(() => user.dispose());

  const cases: [string[], RunOptions?][] = [
    [['--version']],
    [['--help']],
    [['sessions', 'revoke', '--help'], { env: { LANG: 'es' } }],
    [['whoami', '--json']],
    [['sessions', 'list']],
    [['login', '--email', 'nobody@example.com', '--password-stdin'], { input: 'not a password' }],
    [
      ['register', '--email', 'nobody', '--nombre', 'N', '--password-stdin', '--json'],
      { input: 'a good one' },
    ],
    [['whoami', '--nonsense']],
    [['no-such-command']],
    [['--no-input', '--json', 'whoami']],
    [['sessions', '--nonsense']],
    [['help', 'sessions', '--json']],
    [['']],
    [['db', 'status', '--json']],
    [
      ['exec', '--', 'sh', '-c', 'echo "$0 $1 $AIRBNB_DEV $DEBUG"; exit 3', '--', '--json'],
      { env: { DEBUG: 'x' } },
    ],
    [['sessions', 'check', '--min-ttl', '5m', '--json']],
    [['whoami'], { env: { AIRBNB_SESSION_TTL: 'soon' } }],
    [['whoami', '--json'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } }],
  ];
  for (const [args, options = {}] of cases) {
    const settings = Object.entries(options.env ?? {}).map((each) => `${each.join('=')} `);
    it(`does what the build does: ${settings.join('')}airbnb ${args.join(' ')}`, async () => {
      const seen = await Promise.all(
        [{}, { script: DEVELOPMENT }].map(async (which) => {
          const { code, stdout, stderr } = await user.run(args, { ...options, ...which });
          // Both refresh the session, one a moment after the other.
          const moment = (text: string) => text.replace(/[\d-]+[T ][\d:.]+Z?|\b(8[5-9]|90)\b/g, 'then');
          return { code, stdout: moment(stdout), stderr: moment(stderr) };
        }),
      );
      expect(seen[1]).to.deep.equal(seen[0]);
    });
  }
});
