import { expect } from 'chai';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { reasonOf } from '../../support/failure-of.ts';
import { dumps, isoformat, PythonClient } from '../../support/python-client.ts';
import { newUserId, sampleSession } from '../../support/sample-session.ts';
import { openSessions, SCRIPTED, type SessionBackend } from '../../support/session-backend.ts';

describe('sessions shared with the Python client', () => {
  let ours: SessionBackend;
  let python: PythonClient;
  let userId: number;
  let index: string;

  before(() => {
    ours = openSessions();
    python = new PythonClient(ours.redis);
  });

  beforeEach(() => {
    userId = newUserId();
    index = `user:${userId}:sessions`;
  });

  after(() => ours.close());

  const profile = () => sampleSession({ user_id: userId, nombre: 'Ñandú 😀' });
  const credentialOf = (token: string) => ({ token, mark: markOf(token), userId });
  const json = (token: string) => ours.redis.get(`session:${token}`);

  /** A session that the Python client started. */
  async function theirs(): Promise<string> {
    const token = newToken();
    const now = isoformat(new Date());
    await python.login(token, { ...profile(), created_at: now, last_activity: now });
    return token;
  }

  it('restores a session exactly as that client writes it, and changes its last activity alone', async () => {
    const token = newToken();
    const written =
      '{"user_id": 1, "email": "user@example.com", "rol": "HUESPED", "auth_user_id": null, "huesped_id": 123, ' +
      '"anfitrion_id": null, "nombre": "Mar\\u00eda", "creado_en": "2025-11-16T15:00:00", ' +
      '"created_at": "2025-11-16T15:00:00", "last_activity": "2025-11-16T15:01:30"}';
    await ours.redis.set(`session:${token}`, written, 'EX', 90);
    const { wire } = await ours.sessions.restore({ token, mark: markOf(token) });
    expect(wire.nombre).to.equal('María');
    expect(await json(token)).to.equal(written.replace('2025-11-16T15:01:30', wire.last_activity));
    await ours.sessions.end(token, 1);
  });

  it('reads the times that it writes', async () => {
    const { wire } = await ours.sessions.restore(credentialOf(await theirs()));
    expect(wire.created_at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  });

  it('leaves a session that it can read, refresh, list and end', async () => {
    const { user_id, ...rest } = profile();
    const session = await ours.sessions.start({ user_id, ...rest }, SCRIPTED);
    expect(await python.get(session.token)).to.deep.equal(session.wire);
    expect(await python.list(userId)).to.deep.equal([session.wire]);

    const refreshed = await python.refresh(session.token);
    const restored = await ours.sessions.restore(session);
    // The fields that we add survive it, and ours again what it wrote.
    expect(restored.wire).to.deep.equal({ ...refreshed, last_activity: restored.wire.last_activity });
    expect(restored.wire).to.include({ device: session.wire.device, ip_source: session.wire.ip_source });

    await python.logout(session.token);
    expect(await reasonOf(ours.sessions.restore(session))).to.equal('expired');
    expect(await ours.redis.exists(index)).to.equal(0);
  });

  it('keeps what it wrote byte for byte through any number of our refreshes', async () => {
    const token = newToken();
    const session = { ...profile(), prefs: { list: [], map: {}, last_activity: 'x' }, ratio: 0.1, ключ: 'ü' };
    await python.login(token, session);
    for (let round = 0; round < 3; round++) await ours.sessions.restore(credentialOf(token));
    const stored = (await json(token)) as string;
    const { last_activity } = JSON.parse(stored);
    expect(stored).to.equal(dumps({ ...session, last_activity }));
  });

  it('lists its sessions beside ours', async () => {
    const mine = await ours.sessions.start(profile(), SCRIPTED);
    const token = await theirs();
    const { sessions } = await ours.sessions.list(userId);
    expect(sessions.map((session) => session.token)).to.have.members([mine.token, token]);
    expect(await python.list(userId)).to.have.length(2);
  });

  it('keeps a session in the index for longer than that client’s end of the index', async () => {
    const mine = await ours.sessions.start(profile(), SCRIPTED);
    await theirs();
    expect(await ours.redis.ttl(index)).to.be.greaterThan(0);
    await ours.sessions.restore(credentialOf(mine.token));
    expect(await ours.redis.ttl(index)).to.equal(-1);
  });

  it('puts a session back whose index that client let expire', async () => {
    const mine = await ours.sessions.start(profile(), SCRIPTED);
    await theirs();
    await ours.redis.pexpire(index, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await ours.redis.exists(index)).to.equal(0);
    await ours.sessions.restore(credentialOf(mine.token));
    expect(await ours.sessions.revokeAll(userId)).to.equal(1);
    expect(await reasonOf(ours.sessions.restore(credentialOf(mine.token)))).to.equal('revoked');
  });

  it('ends with us when it ends everything', async () => {
    const mine = await ours.sessions.start(profile(), SCRIPTED);
    await python.logoutEverywhere(userId);
    expect(await reasonOf(ours.sessions.restore(credentialOf(mine.token)))).to.equal('expired');
    expect(await ours.redis.exists(index)).to.equal(0);
  });

  it('ends its sessions with ours when we end everything', async () => {
    const token = await theirs();
    await ours.sessions.start(profile(), SCRIPTED);
    expect(await ours.sessions.revokeAll(userId)).to.equal(2);
    expect(await python.get(token)).to.equal(undefined);
    expect(await python.list(userId)).to.deep.equal([]);
  });

  it('refuses a session that its refresh brought back after we ended it', async () => {
    for (const token of [await theirs(), (await ours.sessions.start(profile(), SCRIPTED)).token]) {
      await python.refresh(token, () => ours.sessions.end(token, userId));
      expect(await python.get(token), 'it is back').not.to.equal(undefined);
      expect(await reasonOf(ours.sessions.restore(credentialOf(token)))).to.equal('revoked');
      expect(await python.get(token), 'and gone again').to.equal(undefined);
      expect(await reasonOf(ours.sessions.restore(credentialOf(token)))).to.equal('revoked');
    }
  });

  it('does not refuse a session that it refreshed while we did', async () => {
    const token = await theirs();
    await python.refresh(token, () => ours.sessions.restore(credentialOf(token)));
    expect((await ours.sessions.restore(credentialOf(token))).token).to.equal(token);
  });
});
