import { createHash } from 'node:crypto';
import { commandTable } from '../../src/command-table.ts';
import type { CommandClass } from '../../src/lib/base-command.ts';
import type { Account } from './accounts.ts';
import type { HeldSession } from './held-session.ts';

/** What a test of all commands has to know of one beyond what that declares. */
export interface Walk {
  /** What it is given so that it does its work. */
  args?: (known: Known) => string[];
  input?: (known: Known) => string;
  /** The engines that it asks although it needs no session, or besides the Redis of its session. */
  asks?: readonly ('redis' | 'postgres')[];
  /** What it says where it is given nothing and there is nobody to ask. One that can go on says nothing. */
  missing?: { reason: string; flag?: string };
  /** Faults of the engines are its result: it prints its own document, and ends with their code. */
  reports?: boolean;
}

/** Who runs the commands of a walk. */
export interface Known {
  account: Account;
  /** Somebody who has no account yet. */
  stranger: Account;
  session: HeldSession;
}

const email = ({ account }: Known) => ['--email', account.email, '--password-stdin'];
const password = ({ account }: Known) => account.password;
const idOf = ({ session }: Known) => createHash('sha256').update(session.token).digest('hex').slice(0, 12);
const confirmed = { args: () => ['--yes'], missing: { reason: 'confirmation_required', flag: '--yes' } };

/**
 * A command that is not here takes no arguments, asks nothing, and needs what its session needs. One for which that does
 * not hold fails the walk until it is described here.
 */
const walks: Readonly<Record<string, Walk>> = {
  'db:migrate': { asks: ['postgres'] },
  'db:set-password': {
    args: email,
    input: password,
    asks: ['postgres', 'redis'],
    missing: { reason: 'missing_flag', flag: '--email' },
  },
  'db:status': { asks: ['postgres'] },
  doctor: { asks: ['redis', 'postgres'], reports: true },
  completion: { args: () => ['bash'], missing: { reason: 'missing_argument' } },
  exec: { args: () => ['--', 'true'], missing: { reason: 'nothing_to_run' } },
  'local:reset': confirmed,
  login: {
    args: email,
    input: password,
    asks: ['postgres', 'redis'],
    missing: { reason: 'missing_flag', flag: '--email' },
  },
  logout: { asks: ['redis'] },
  password: {
    args: () => ['--password-stdin'],
    input: ({ account }) => `${account.password}\n${account.password}-2\n`,
    asks: ['postgres'],
    missing: { reason: 'missing_flag', flag: '--password-stdin' },
  },
  register: {
    args: ({ stranger }) => ['--email', stranger.email, '--nombre', stranger.nombre, '--password-stdin'],
    input: ({ stranger }) => stranger.password,
    asks: ['postgres'],
    missing: { reason: 'missing_flag', flag: '--email' },
  },
  'sessions:revoke': { args: (known) => [idOf(known)], missing: { reason: 'missing_argument' } },
  'sessions:revoke-all': confirmed,
};

/** A command with all that a test of every command has to know of it. */
export interface WalkedCommand extends Walk {
  /** As it is typed. */
  readonly words: readonly string[];
  readonly needsSession: boolean;
  readonly printsJson: boolean;
}

/** Every command that there is. */
export const walkedCommands: readonly WalkedCommand[] = Object.keys(commandTable).map((id) => {
  const command = commandTable[id as keyof typeof commandTable] as CommandClass & { needsSession: boolean };
  const { needsSession, printsJson } = command;
  return { ...walks[id], words: id.split(':'), needsSession, printsJson };
});

/** What only shows help: the program itself, its help, and every topic. */
export const walkedHelp: readonly WalkedCommand[] = [
  [],
  ['help'],
  ...new Set(Object.keys(commandTable).flatMap((id) => id.split(':').slice(0, -1))),
].map((words) => ({ words: [words].flat(), needsSession: false, printsJson: false }));
