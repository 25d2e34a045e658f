import { idOfMark } from '../../../src/lib/session/session-token.ts';
import { newAccount } from '../../support/accounts.ts';
import { PASSWORD, type SessionName, type Stage } from './stage.ts';

/** One command line, with what is on its stdin. */
export interface Attempt {
  readonly args: readonly string[];
  readonly input?: string;
}

/** What a trial has to know of a command. */
export interface TestedCommand {
  readonly name: string;
  run(stage: Stage): Attempt;
  /**
   * What the user tries next, one after the other until one succeeds, where the first run failed: the same again,
   * unless said. The last of them may end with one of `acceptable`.
   */
  again?(stage: Stage): readonly Attempt[];
  /** Codes that tell that the first run had done its work, although it could not know. */
  readonly acceptable?: readonly number[];
  /** The sessions that it ends. */
  readonly ends?: readonly SessionName[];
  /** Whether it starts a session, and puts its token into the token file. */
  readonly startsSession?: boolean;
  /** Whether it may use a stand-in where Redis cannot be reached when it begins. */
  readonly mayStandIn?: boolean;
  /** Whether it removes the token file. */
  readonly signsOut?: boolean;
  /** Whether it waits for minutes on purpose, so that a server that is silent is left out. */
  readonly isPatient?: boolean;
  /** How many of its last messages it can do without. */
  readonly dispensable?: number;
  /** Whether faults are its result rather than an error. */
  readonly reports?: boolean;
}

const NEW_PASSWORD = 'another word of nobody 8';

const email = ({ account }: Stage) => ['--email', account.email, '--password-stdin'];

const changePassword = (before: string, after: string): Attempt => ({
  args: ['password', '--password-stdin'],
  input: `${before}\n${after}\n`,
});

export const login: TestedCommand = {
  name: 'login --strict',
  run: (stage) => ({ args: ['login', '--strict', ...email(stage)], input: PASSWORD }),
  startsSession: true,
};

export const lenientLogin: TestedCommand = {
  name: 'login',
  run: (stage) => ({ args: ['login', ...email(stage)], input: PASSWORD }),
  startsSession: true,
  mayStandIn: true,
};

export const whoami: TestedCommand = { name: 'whoami', run: () => ({ args: ['whoami'] }) };

export const revoke: TestedCommand = {
  name: 'sessions revoke',
  run: ({ sessions }) => ({ args: ['sessions', 'revoke', idOfMark(sessions.second.mark)] }),
  // The session is none any more.
  acceptable: [1],
  ends: ['second'],
};

export const revokeAll: TestedCommand = {
  name: 'sessions revoke-all',
  run: () => ({ args: ['sessions', 'revoke-all', '--yes'] }),
  // The session that it ran in is gone, and it is the last to go.
  acceptable: [4],
  ends: ['current', 'second', 'third'],
};

/** Commands that ask Redis, beside the four that are looked at most closely. */
export const otherCommandsOfRedis: readonly TestedCommand[] = [
  { name: 'sessions list', run: () => ({ args: ['sessions', 'list'] }) },
  // In the end it looks once more whether the session was revoked meanwhile: four questions and their replies.
  { name: 'exec', run: () => ({ args: ['exec', '--', 'true'] }), dispensable: 8 },
  { name: 'sessions check', run: () => ({ args: ['sessions', 'check'] }) },
  {
    name: 'sessions revoke-all --except-current',
    run: () => ({ args: ['sessions', 'revoke-all', '--except-current', '--yes'] }),
    ends: ['second', 'third'],
  },
  { name: 'logout', run: () => ({ args: ['logout'] }), ends: ['current'], signsOut: true },
  {
    name: 'password',
    run: () => changePassword(PASSWORD, NEW_PASSWORD),
    again: () => [changePassword(PASSWORD, NEW_PASSWORD), changePassword(NEW_PASSWORD, PASSWORD)],
    ends: ['second', 'third'],
  },
  {
    name: 'db set-password',
    run: (stage) => ({ args: ['db', 'set-password', ...email(stage)], input: NEW_PASSWORD }),
    ends: ['current', 'second', 'third'],
  },
  { name: 'doctor', run: () => ({ args: ['doctor'] }), reports: true },
];

/** Commands that ask PostgreSQL, beside login. */
export const otherCommandsOfPostgres: readonly TestedCommand[] = [
  {
    name: 'register',
    run: ({ user }) => ({
      // Of the home, so that it is the same at the second run and another for each trial.
      args: ['register', '--email', `${user.folders.root.split('-').at(-1)}@example.com`, ...nameAndPassword],
      input: newAccount().password,
    }),
    // The account is there.
    acceptable: [1],
  },
  ...otherCommandsOfRedis.filter(({ name }) => ['password', 'db set-password', 'doctor'].includes(name)),
  { name: 'db status', run: () => ({ args: ['db', 'status'] }) },
  // A large table takes its time.
  { name: 'db migrate', run: () => ({ args: ['db', 'migrate'] }), isPatient: true },
];

const nameAndPassword = ['--nombre', 'Ana', '--password-stdin'];
