import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { hashPassword } from '../../../src/lib/auth/password-hash.ts';
import { openPostgres } from '../../../src/lib/connections/postgres.ts';
import { redisServerName } from '../../../src/lib/connections/redis-address.ts';
import type { Session } from '../../../src/lib/session/session.ts';
import { SessionFile } from '../../../src/lib/session/session-file.ts';
import type { Account } from '../../../src/lib/user/user-repository.ts';
import { UserRepository } from '../../../src/lib/user/user-repository.ts';
import type { Tables } from '../../../src/lib/user/user-schema.ts';
import { configOf } from '../../support/account-database.ts';
import { newAccount } from '../../support/accounts.ts';
import { newUser, type User } from '../../support/cli.ts';
import { newUserId } from '../../support/sample-session.ts';
import { addressOf, type SessionBackend } from '../../support/session-backend.ts';

/** Sessions of one account, by what they are in a trial. */
export type SessionName = 'current' | 'second' | 'third';

export const PASSWORD = 'a word of nobody 7';

/** Somebody new with three live sessions, one that was ended before, and a stranger who has one too. */
export interface Stage {
  readonly user: User;
  readonly account: Account;
  readonly sessions: Readonly<Record<SessionName, Session>>;
  readonly ended: Session;
  readonly stranger: Session;
}

export interface Servers {
  /** Where the user's commands find Redis; the token file names it. */
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** The same Redis, for what is prepared beforehand. */
  readonly backend: SessionBackend;
  /** The same PostgreSQL. */
  readonly accountsUrl: string;
}

/** Bcrypt takes its time: one hash serves for all accounts. */
let hash: Promise<string> | undefined;

const surroundings = { sshConnection: undefined, isTerminal: false, version: 'airbnb/test' };

/** Sets the stage for one trial; whoever asked disposes of its user. */
export async function setStage({ redisUrl, databaseUrl, backend, accountsUrl }: Servers): Promise<Stage> {
  hash ??= hashPassword(PASSWORD);
  const account = await insertAccount(accountsUrl, await hash);
  const start = (who: Pick<Account, 'id' | 'email'>) =>
    backend.sessions.start(
      {
        user_id: who.id,
        email: who.email,
        rol: account.rol,
        auth_user_id: null,
        huesped_id: account.huespedId,
        anfitrion_id: null,
        nombre: account.nombre,
        creado_en: account.creadoEn,
      },
      surroundings,
    );
  const [current, second, third, ended, stranger] = await Promise.all([
    ...Array.from({ length: 4 }, () => start(account)),
    start({ id: newUserId(), email: 'stranger@example.com' }),
  ] as [Promise<Session>, Promise<Session>, Promise<Session>, Promise<Session>, Promise<Session>]);
  await backend.sessions.end(ended.token, account.id);
  const user = await newUser({ env: { REDIS_URL: redisUrl, DATABASE_URL: databaseUrl } });
  await mkdir(path.dirname(user.sessionFile), { mode: 0o700 });
  new SessionFile(user.sessionFile).write({
    token: current.token,
    mark: current.mark,
    email: account.email,
    userId: account.id,
    server: redisServerName(addressOf(redisUrl)),
  });
  return { user, account, sessions: { current, second, third }, ended, stranger };
}

async function insertAccount(url: string, passwordHash: string): Promise<Account> {
  const db = openPostgres<Tables>(configOf(url));
  try {
    const { email, nombre, rol } = newAccount();
    return await new UserRepository(db).insert({ email, nombre, rol, passwordHash });
  } finally {
    await db.destroy();
  }
}
