import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession, tokenFileOf } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

describe('without a session', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  after(() => user.dispose());

  /** Brings about each way of having no session. */
  const ways: Record<string, () => Promise<unknown>> = {
    never: () => user.run(['logout', '--local']),
    expired: async () => {
      const { token } = await holdSession(user);
      await onRedis((redis) => redis.del(`session:${token}`));
    },
    revoked: async () => {
      const { wire } = await holdSession(user);
      await using elsewhere = await newUser();
      await holdSession(elsewhere, { wire });
      await elsewhere.run(['sessions', 'revoke-all', '--except-current', '--yes']);
    },
    other_server: async () => {
      const session = await startSession();
      await writeTokenFile(user, tokenFileOf(session, 'redis://elsewhere.example.com:6380/2'));
    },
    malformed: () => writeTokenFile(user, '{"v":1,"token":"abc'),
    corrupt: async () => {
      const { token } = await holdSession(user);
      await onRedis((redis) => redis.set(`session:${token}`, '{"user_id":"one"}', 'EX', 60));
    },
  };
  async function onRedis(action: (redis: ReturnType<typeof plainClient>) => Promise<unknown>) {
    const redis = plainClient(engines.redisUrl);
    await action(redis);
    redis.disconnect();
  }

  for (const [reason, bringAbout] of Object.entries(ways)) {
    it(`says why: ${reason}`, async () => {
      await bringAbout();
      const text = await user.run(['whoami']);
      expect(text).to.include({ code: 4, stdout: '' });
      expect(text.stderr).to.match(/^Error: .+\n.*airbnb login/);
      await Promise.all(
        [['whoami'], ['sessions', 'list'], ['password', '--password-stdin']].map(async (args) => {
          const json = await user.run([...args, '--json']);
          expect(json.stderr).to.equal('');
          expect(jsonFailure(json)).to.include({ code: 4, reason });
          expect(jsonFailure(json).hint).to.contain('airbnb login');
        }),
      );
    });
  }

  it('does not slide a session that is corrupt', async () => {
    const { token } = await holdSession(user);
    await onRedis((redis) => redis.set(`session:${token}`, '[1]', 'EX', 20));
    await user.run(['whoami']);
    await onRedis(async (redis) => {
      expect(await redis.ttl(`session:${token}`)).to.be.at.most(20);
      expect(await redis.get(`session:${token}`)).to.equal('[1]');
    });
  });

  it('refuses an unsafe token file with 78', async () => {
    await holdSession(user);
    await chmod(user.sessionFile, 0o604);
    const refused = jsonFailure(await user.run(['whoami', '--json']));
    expect(refused).to.include({ code: 78, reason: 'token_file_unsafe' });
    expect(refused.hint).to.contain(`chmod 600 '${user.sessionFile}'`);
    await chmod(user.sessionFile, 0o600);
  });

  describe('at a terminal', () => {
    let account: Account;
    before(async () => {
      account = await register(user);
    });

    /** Signed in, with a session that has expired. */
    async function signedInOnce() {
      await signIn(user, account);
      const { token } = await readTokenFile(user);
      await onRedis((redis) => redis.del(`session:${token}`));
    }

    it('says so, asks for the password of the same e-mail, and goes on with what was asked', async () => {
      await signedInOnce();
      const terminal = user.terminal(['sessions', 'list']);
      await terminal.expect(/Your session has expired/);
      await terminal.expect(new RegExp(account.email));
      await terminal.expect(/Password:/);
      terminal.answer(account.password);
      await terminal.expect(/Signed in as/);
      await terminal.expect(/ACTIVE SESSIONS/);
      await terminal.expect(/this session/);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(0);
      expect(text).not.to.match(/E-mail: ?\?|\? E-mail/);
      expect(terminal.raw).not.to.contain(account.password.slice(0, 8));
      expect((await user.run(['whoami'])).code).to.equal(0);
    });

    it('hands the result alone to whatever reads stdout', async () => {
      await signedInOnce();
      const terminal = user.shellTerminal('airbnb whoami > result; echo "ended with $?"');
      await terminal.expect(/Password:/);
      terminal.answer(account.password);
      await terminal.expect(/ended with 0/);
      await terminal.exit();
      expect(terminal.text).not.to.contain('Last activity');
      expect(await readFile(path.join(user.folders.work, 'result'), 'utf8')).to.match(/^Ana Pérez <.*>\n/);
    });

    it('asks for the e-mail too where none is known', async () => {
      await user.run(['logout', '--local']);
      const terminal = user.terminal(['whoami'], { env: { LANG: 'es_ES.UTF-8' } });
      await terminal.expect(/No has iniciado sesión/);
      await terminal.expect(/Correo:/);
      terminal.answer(account.email);
      await terminal.expect(/Contraseña:/);
      terminal.answer(account.password);
      await terminal.expect(/Última actividad/);
      expect((await terminal.exit()).code).to.equal(0);
    });

    it('ends with 4 where the password is wrong', async () => {
      await signedInOnce();
      const terminal = user.terminal(['whoami']);
      await terminal.expect(/Password:/);
      terminal.answer(newAccount().password);
      await terminal.expect(/Wrong e-mail or password/);
      expect((await terminal.exit()).code).to.equal(4);
    });

    const nobodyIsAsked: [string, string[], NodeJS.ProcessEnv][] = [
      ['--json', ['--json'], {}],
      ['--no-input', ['--no-input'], {}],
      ['CI', [], { CI: '1' }],
      ['AIRBNB_NO_INPUT', [], { AIRBNB_NO_INPUT: 'true' }],
      ['AIRBNB_TOKEN', [], { AIRBNB_TOKEN: 'A'.repeat(43) }],
      ['an empty AIRBNB_TOKEN', [], { AIRBNB_TOKEN: '' }],
    ];
    for (const [what, flags, env] of nobodyIsAsked) {
      it(`asks nothing with ${what}, and ends with 4`, async () => {
        await writeTokenFile(user, tokenFileOf({ ...(await startSession()), token: 'B'.repeat(43) }));
        const terminal = user.terminal(['whoami', ...flags], { env });
        const { code, text } = await terminal.exit();
        expect(code).to.equal(4);
        expect(text).not.to.match(/Password:|E-mail:/);
      });
    }
  });
});
