import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { type HeldSession, holdSession, startSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';

const idOf = ({ token }: HeldSession) => createHash('sha256').update(token).digest('hex').slice(0, 12);

describe('airbnb sessions revoke', () => {
  let user: User;
  let mine: HeldSession;
  before(async () => {
    user = await newUser();
  });
  beforeEach(async () => {
    mine = await holdSession(user);
  });
  after(() => user.dispose());

  const another = () => startSession({ wire: mine.wire });
  const alive = async (...sessions: HeldSession[]) => {
    const redis = plainClient(engines.redisUrl);
    try {
      return await Promise.all(
        sessions.map(async ({ token }) => (await redis.exists(`session:${token}`)) === 1),
      );
    } finally {
      redis.disconnect();
    }
  };

  it('ends sessions by their ids or the beginnings of these, and says how many', async () => {
    const [first, second, third] = [await another(), await another(), await another()];
    const one = await user.run(['sessions', 'revoke', idOf(first)]);
    expect(one).to.include({ code: 0, stdout: '1 session ended.\n', stderr: '' });
    const two = await user.run([
      'sessions',
      'revoke',
      idOf(second).slice(0, 8).toUpperCase(),
      idOf(third),
      '--json',
    ]);
    expect(two.json()).to.deep.equal({ ended: 2 });
    expect(await alive(first, second, third, mine)).to.deep.equal([false, false, false, true]);
  });

  it('counts a session once that is named twice', async () => {
    const other = await another();
    const args = ['sessions', 'revoke', idOf(other), idOf(other).slice(0, 6), '--json'];
    expect((await user.run(args)).json()).to.deep.equal({ ended: 1 });
  });

  it('makes a session that is revoked fail with that reason, wherever its token is', async () => {
    await using elsewhere = await newUser();
    const other = await holdSession(elsewhere, { wire: mine.wire });
    await user.run(['sessions', 'revoke', idOf(other)]);
    const refused = await elsewhere.run(['whoami', '--json']);
    expect(jsonFailure(refused)).to.include({ code: 4, reason: 'revoked' });
  });

  it('ends the session that it runs in too', async () => {
    expect((await user.run(['sessions', 'revoke', idOf(mine), '--json'])).json()).to.deep.equal({ ended: 1 });
    expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'revoked' });
  });

  it('says the same of an id that nobody has and of somebody else’s, and ends none', async () => {
    const foreign = await startSession();
    const other = await another();
    const unknown = idOf({ ...foreign, token: 'nobody has it' });
    const refusals = await Promise.all(
      [unknown, idOf(foreign)].map((id) => user.run(['sessions', 'revoke', idOf(other), id])),
    );
    const words = refusals.map(({ stderr }, index) =>
      stderr.replace([unknown, idOf(foreign)][index] as string, 'ID'),
    );
    for (const { code, stdout } of refusals) expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(words[0]).to.equal(words[1]).and.to.contain('no session was ended');
    expect(await alive(foreign, other)).to.deep.equal([true, true]);
    const json = await user.run(['sessions', 'revoke', idOf(foreign), '--json']);
    expect(jsonFailure(json)).to.include({ code: 1, reason: 'unknown_session' });
  });

  it('ends none where one beginning could mean several', async () => {
    // Among enough sessions two have an id with the same beginning; they are looked for, not waited for.
    const tokens = new Map<string, string>();
    let pair: [string, string] | undefined;
    for (let n = 0; !pair; n++) {
      const token = `${n}`.padStart(43, 'A');
      const beginning = createHash('sha256').update(token).digest('hex').slice(0, 4);
      const before = tokens.get(beginning);
      if (before) pair = [before, token];
      tokens.set(beginning, token);
    }
    const redis = plainClient(engines.redisUrl);
    for (const token of pair) {
      await redis.set(`session:${token}`, JSON.stringify(mine.wire), 'EX', 60);
      await redis.sadd(`user:${mine.wire.user_id}:sessions`, token);
    }
    const both = pair.map((token) => ({ ...mine, token }));
    const beginning = idOf(both[0] as HeldSession).slice(0, 4);
    const refused = await user.run(['sessions', 'revoke', idOf(mine), beginning, '--json']);
    expect(jsonFailure(refused)).to.include({ code: 1, reason: 'ambiguous_session' });
    expect(await alive(mine, ...both)).to.deep.equal([true, true, true]);
    await redis.del(...pair.map((token) => `session:${token}`));
    redis.disconnect();
  });

  it('refuses a token, and repeats it nowhere', async () => {
    let other = await another();
    // One in 64 begins like a flag, and is refused as that.
    while (other.token.startsWith('-')) other = await another();
    for (const argument of [other.token, `session:${other.token}`, `${other.token}${other.token}`]) {
      for (const flags of [[], ['--json']]) {
        const refused = await user.run(['sessions', 'revoke', argument, ...flags]);
        expect(refused.code).to.equal(2);
        expect(refused.stdout + refused.stderr).not.to.contain(other.token);
        if (flags.length > 0) expect(jsonFailure(refused).reason).to.equal('token_as_argument');
      }
    }
    expect(await alive(other)).to.deep.equal([true]);
  });

  it('refuses what is no id, and none at all, before it looks at any session', async () => {
    const redis = plainClient(engines.redisUrl);
    await redis.expire(`session:${mine.token}`, 30);
    for (const ids of [[], ['abc'], ['not-an-id'], ['0123456789abc'], [idOf(mine), '']]) {
      const refused = jsonFailure(await user.run(['sessions', 'revoke', ...ids, '--json']));
      expect(refused.code, ids.join(' ')).to.equal(2);
    }
    expect(await redis.ttl(`session:${mine.token}`)).to.be.at.most(30);
    redis.disconnect();
  });

  describe('-all', () => {
    it('ends all sessions and says how many', async () => {
      const others = [await another(), await another()];
      const foreign = await startSession();
      const done = await user.run(['sessions', 'revoke-all', '--yes']);
      expect(done).to.include({ code: 0, stdout: '3 sessions ended.\n', stderr: '' });
      expect(await alive(mine, ...others, foreign)).to.deep.equal([false, false, false, true]);
      expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'revoked' });
    });

    it('keeps the session that it runs in with --except-current', async () => {
      const other = await another();
      const args = ['sessions', 'revoke-all', '--except-current', '--yes', '--json'];
      expect((await user.run(args)).json()).to.deep.equal({ ended: 1 });
      expect(await alive(mine, other)).to.deep.equal([true, false]);
      expect((await user.run(args)).json()).to.deep.equal({ ended: 0 });
    });

    it('ends what cannot be read as well', async () => {
      const damaged = await another();
      const redis = plainClient(engines.redisUrl);
      await redis.set(`session:${damaged.token}`, 'no JSON', 'EX', 60);
      redis.disconnect();
      expect((await user.run(['sessions', 'revoke-all', '--yes', '--json'])).json()).to.deep.equal({
        ended: 2,
      });
      expect(await alive(damaged)).to.deep.equal([false]);
    });

    it('needs --yes where there is nobody to ask', async () => {
      const other = await another();
      for (const env of [{}, { CI: '1' }, { AIRBNB_NO_INPUT: '1' }]) {
        const refused = await user.run(['sessions', 'revoke-all', '--json'], { env });
        expect(jsonFailure(refused)).to.include({ code: 2, reason: 'confirmation_required', flag: '--yes' });
      }
      expect(await alive(mine, other)).to.deep.equal([true, true]);
    });

    it('asks on a terminal, where Enter alone means no', async () => {
      const other = await another();
      const declined = user.terminal(['sessions', 'revoke-all']);
      await declined.expect(/this one included\?/);
      declined.press('enter');
      const { code, text } = await declined.exit();
      expect(code).to.equal(1);
      expect(text).to.contain('Nothing was done.').and.not.to.contain('Error');
      expect(await alive(mine, other)).to.deep.equal([true, true]);

      const confirmed = user.terminal(['sessions', 'revoke-all', '--except-current']);
      await confirmed.expect(/other sessions\?/);
      confirmed.answer('y');
      await confirmed.expect(/1 session ended/);
      expect((await confirmed.exit()).code).to.equal(0);
      expect(await alive(mine, other)).to.deep.equal([true, false]);
    });

    it('asks in Spanish, and takes its yes', async () => {
      const spanish = () => user.terminal(['sessions', 'revoke-all'], { env: { LANG: 'es_ES.UTF-8' } });
      const declined = spanish();
      await declined.expect(/¿Cerrar todas tus sesiones, también esta\? \(s\/N\)/);
      declined.answer('nada');
      expect((await declined.exit()).code).to.equal(1);
      const confirmed = spanish();
      await confirmed.expect(/\(s\/N\)/);
      confirmed.answer('Sí');
      await confirmed.expect(/1 sesión cerrada/);
      expect((await confirmed.exit()).code).to.equal(0);
      expect(await alive(mine)).to.deep.equal([false]);
    });
  });
});
