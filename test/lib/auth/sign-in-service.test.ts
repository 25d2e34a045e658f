import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LookUp } from '../../../src/lib/auth/account-service.ts';
import { LoginLimiter } from '../../../src/lib/auth/login-limiter.ts';
import { RedisLoginCounters } from '../../../src/lib/auth/redis-login-counters.ts';
import { type CredentialVerifier, SignInService } from '../../../src/lib/auth/sign-in-service.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { SessionFile } from '../../../src/lib/session/session-file.ts';
import type { Account } from '../../../src/lib/user/user-repository.ts';
import { newAccount } from '../../support/accounts.ts';
import { failureOf } from '../../support/failure-of.ts';
import { openSessions, SCRIPTED, type SessionBackend } from '../../support/session-backend.ts';

describe('signing in', () => {
  let backend: SessionBackend;
  let home: string;
  let file: SessionFile;
  let email: string;
  let account: Account;
  let nextId = 910_000;

  before(() => {
    backend = openSessions();
  });
  after(() => backend.close());

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'airbnb-sign-in-'));
    file = new SessionFile(join(home, 'folder', 'session'));
    ({ email } = newAccount());
    account = {
      id: nextId++,
      email,
      passwordHash: null,
      rol: 'HUESPED',
      authUserId: null,
      huespedId: 1,
      anfitrionId: null,
      nombre: 'Ana',
      creadoEn: '2026-01-01T00:00:00.000',
    };
  });
  afterEach(() => rm(home, { recursive: true }));

  /** @param verify what becomes of the credentials, and what is called meanwhile */
  const service = (
    verify: CredentialVerifier['verify'],
    meanwhile?: () => void,
    kept = file,
    found?: LookUp,
  ) =>
    new SignInService({
      accounts: { verify },
      limiter: new LoginLimiter({
        counters: new RedisLoginCounters(backend.connection),
        otherAddress: async () => null,
      }),
      sessions: backend.sessions,
      file: kept,
      server: 'redis://test/0',
      ...(meanwhile && { meanwhile }),
      ...(found && { found }),
    });

  const sessionsOf = (userId: number) => backend.redis.smembers(`user:${userId}:sessions`);

  it('starts the session of the account, whose token the file then holds', async () => {
    const events: string[] = [];
    const signIn = service(
      async (_email, _password, { meanwhile }) => {
        events.push('tested');
        meanwhile();
        return account;
      },
      () => events.push('meanwhile'),
    );
    const { token, mark, wire } = await signIn.signIn(email, 'any', SCRIPTED);
    expect(events).to.deep.equal(['tested', 'meanwhile']);
    expect(wire).to.include({ user_id: account.id, email, nombre: 'Ana' });
    expect(await sessionsOf(account.id)).to.deep.equal([token]);
    expect(file.read()).to.include({ token, mark, email, userId: account.id, server: 'redis://test/0' });
  });

  it('tests the password of an account that is looked for already', async () => {
    const found = new LookUp(email, Promise.resolve(account));
    const seen: unknown[] = [];
    const verify: CredentialVerifier['verify'] = async (_email, _password, options) => {
      seen.push(options.found);
      return account;
    };
    const signIn = service(verify, undefined, file, found);
    await signIn.signIn(email, 'any', SCRIPTED);
    expect(seen).to.deep.equal([found]);
  });

  it('draws a token also where there was no time to before', async () => {
    const { token } = await service(async () => account).signIn(email, 'any', SCRIPTED);
    expect(token).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(await sessionsOf(account.id)).to.deep.equal([token]);
  });

  it('draws another token each time', async () => {
    const signIn = service(async (_email, _password, { meanwhile }) => {
      meanwhile();
      return account;
    });
    const tokens = [await signIn.signIn(email, 'any', SCRIPTED), await signIn.signIn(email, 'any', SCRIPTED)];
    expect(new Set(tokens.map(({ token }) => token)).size).to.equal(2);
  });

  for (const [what, error] of [
    ['a wrong password', new AppError('wrong_credentials')],
    ['a fault', new Error('a bug')],
  ] as const) {
    it(`starts nothing after ${what}, though a token was drawn`, async () => {
      const signIn = service(async (_email, _password, { meanwhile }) => {
        meanwhile();
        throw error;
      });
      expect(await signIn.signIn(email, 'any', SCRIPTED).catch((thrown) => thrown)).to.equal(error);
      expect(await sessionsOf(account.id)).to.deep.equal([]);
      expect(file.read()).to.equal(undefined);
    });
  }

  it('ends the session again whose token could not be kept', async () => {
    const unwritable = new SessionFile('/proc/nothing/session');
    const signIn = service(async () => account, undefined, unwritable);
    expect((await failureOf(signIn.signIn(email, 'any', SCRIPTED))).reason).to.equal('token_file_unwritable');
    expect(await sessionsOf(account.id)).to.deep.equal([]);
  });
});
