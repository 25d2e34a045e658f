import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { PythonClient } from '../support/python-client.ts';
import { newUserId } from '../support/sample-session.ts';
import { plainClient } from '../support/session-backend.ts';
import { readTokenFile } from '../support/token-file.ts';

describe('beside the Python client', () => {
  let user: User;
  let redis: Redis;
  let python: PythonClient;
  before(async () => {
    user = await newUser();
    redis = plainClient(engines.redisUrl);
    python = new PythonClient(redis);
  });
  after(async () => {
    redis.disconnect();
    await user.dispose();
  });

  it('a session written by hand in its form works, by AIRBNB_TOKEN', async () => {
    const token = 'python_written-token_of_forty-three_charact';
    const userId = newUserId();
    const json = `{"user_id": ${userId}, "email": "user@example.com", "rol": "HUESPED", "auth_user_id": null, "huesped_id": 123, "anfitrion_id": null, "nombre": "User Name", "creado_en": "2025-11-16T15:00:00", "created_at": "2025-11-16T15:00:00", "last_activity": "2025-11-16T15:01:30"}`;
    await redis.set(`session:${token}`, json, 'EX', 90);
    await redis.sadd(`user:${userId}:sessions`, token);
    await redis.expire(`user:${userId}:sessions`, 900);

    const env = { AIRBNB_TOKEN: token };
    const whoami = (await user.run(['whoami', '--json'], { env })).json();
    expect(whoami).to.include({
      token_prefix: 'python_w',
      user_id: userId,
      email: 'user@example.com',
      rol: 'HUESPED',
      huesped_id: 123,
      nombre: 'User Name',
      creado_en: '2025-11-16T15:00:00.000Z',
      created_at: '2025-11-16T15:00:00.000Z',
      device: null,
      ip: null,
      token_source: 'env',
    });
    expect((await user.run(['sessions', 'list', '--json'], { env })).json().total).to.equal(1);
    // Nothing but the last activity has changed, byte for byte, and the index ends no more.
    const after = (await redis.get(`session:${token}`)) ?? '';
    expect(after.replace(/"last_activity": "[^"]*"/, '')).to.equal(
      json.replace(/"last_activity": "[^"]*"/, ''),
    );
    expect(await redis.ttl(`user:${userId}:sessions`)).to.equal(-1);
    expect((await user.run(['logout', '--json'], { env })).json()).to.deep.equal({ ended: 1 });
    expect(await python.get(token)).to.equal(undefined);
  });

  it('it reads, refreshes, lists and ends a session of ours, and what we added survives', async () => {
    await signIn(user);
    const { token, user_id } = await readTokenFile(user);
    const refreshed = await python.refresh(token);
    expect(refreshed).to.include.keys('device', 'ip', 'ip_source');
    expect((await user.run(['whoami', '--json'])).json().device).to.equal(refreshed?.device);
    expect(await python.list(user_id)).to.have.length(1);
    await python.logout(token);
    expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'expired' });
  });

  it('a session that its refresh brought back after a revoke is refused once its token comes through us', async () => {
    const { token, wire } = await holdSession(user);
    await python.refresh(token, async () => {
      await user.run(['sessions', 'revoke-all', '--yes'], { env: { AIRBNB_TOKEN: token } });
    });
    expect(await redis.exists(`session:${token}`)).to.equal(1);
    expect(jsonFailure(await user.run(['whoami', '--json']))).to.include({ code: 4, reason: 'revoked' });
    expect(await redis.exists(`session:${token}`)).to.equal(0);
    expect(await redis.sismember(`user:${wire.user_id}:sessions`, token)).to.equal(0);
  });

  it('a session that fell out of its index is found by revoke-all from elsewhere, once it has been used', async () => {
    const { token, wire } = await holdSession(user);
    await redis.del(`user:${wire.user_id}:sessions`);
    expect((await user.run(['whoami'])).code).to.equal(0);
    await using elsewhere = await newUser();
    await holdSession(elsewhere, { wire });
    const all = ['sessions', 'revoke-all', '--except-current', '--yes', '--json'];
    expect((await elsewhere.run(all)).json()).to.deep.equal({ ended: 1 });
    expect(await redis.exists(`session:${token}`)).to.equal(0);
  });
});
