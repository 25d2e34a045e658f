import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { FlightProxy } from '../support/flight-proxy.ts';
import { holdSession, startSession, tokenFileOf } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';

describe('airbnb logout', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  after(() => user.dispose());

  const redis = () => plainClient(engines.redisUrl);
  const isAlive = async (token: string) => {
    const client = redis();
    try {
      return (await client.exists(`session:${token}`)) === 1;
    } finally {
      client.disconnect();
    }
  };

  it('ends the session on the server and removes the file', async () => {
    const { token, wire } = await holdSession(user);
    const done = await user.run(['logout']);
    expect(done).to.include({ code: 0, stdout: 'Signed out.\n', stderr: '' });
    expect(existsSync(user.sessionFile)).to.equal(false);
    expect(await isAlive(token)).to.equal(false);
    const client = redis();
    expect(await client.sismember(`user:${wire.user_id}:sessions`, token)).to.equal(0);
    client.disconnect();
  });

  it('tells how many sessions ended, and is fine a second time', async () => {
    await holdSession(user);
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
    const second = await user.run(['logout', '--json']);
    expect(second.code).to.equal(0);
    expect(second.json()).to.deep.equal({ ended: 0 });
    expect((await user.run(['logout'])).stdout).to.contain('not signed in');
  });

  it('leaves other sessions of the same user alone', async () => {
    const { wire } = await holdSession(user);
    const other = await startSession({ wire });
    expect((await user.run(['logout'])).code).to.equal(0);
    expect(await isAlive(other.token)).to.equal(true);
  });

  it('removes the file of a session that has expired meanwhile', async () => {
    await writeTokenFile(user, tokenFileOf({ token: 'x'.repeat(43), wire: (await startSession()).wire }));
    const done = await user.run(['logout', '--json']);
    expect(done.code).to.equal(0);
    expect(done.json()).to.deep.equal({ ended: 0 });
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('removes a file that holds no session', async () => {
    for (const content of ['{"v":1,"token"', Buffer.from([0, 255, 7]), 'a'.repeat(5000), '']) {
      await writeTokenFile(user, content);
      expect((await user.run(['logout'])).code).to.equal(0);
      expect(existsSync(user.sessionFile)).to.equal(false);
    }
  });

  it('ends the session of a file that holds a bare token', async () => {
    const { token, wire } = await startSession();
    await writeTokenFile(user, `${token}\r\n`);
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
    expect(existsSync(user.sessionFile)).to.equal(false);
    const client = redis();
    expect(await client.sismember(`user:${wire.user_id}:sessions`, token)).to.equal(0);
    client.disconnect();
  });

  it('keeps an unsafe file, and says how to mend it', async () => {
    await holdSession(user);
    await chmod(user.sessionFile, 0o644);
    const refused = jsonFailure(await user.run(['logout', '--json']));
    expect(refused).to.include({ code: 78, reason: 'token_file_unsafe' });
    expect(refused.hint).to.contain(`chmod 600 '${user.sessionFile}'`);
    expect(existsSync(user.sessionFile)).to.equal(true);
    const local = jsonFailure(await user.run(['logout', '--local', '--json']));
    expect(local).to.include({ code: 78, reason: 'token_file_unsafe' });
    await chmod(user.sessionFile, 0o600);
  });

  describe('with Redis down', () => {
    let proxy: FlightProxy;
    before(async () => {
      proxy = new FlightProxy(engines.redisUrl);
      await proxy.open();
    });
    after(() => proxy.close());

    it('fails with 69 and keeps the file, and works once it is back', async () => {
      const { token, wire } = await startSession();
      await writeTokenFile(user, tokenFileOf({ token, wire }, proxy.url));
      const file = await readFile(user.sessionFile, 'utf8');
      const env = { REDIS_URL: proxy.url };

      await proxy.refuse();
      const failed = jsonFailure(await user.run(['logout', '--json'], { env }));
      expect(failed).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
      expect(await readFile(user.sessionFile, 'utf8')).to.equal(file);

      await proxy.heal();
      expect((await user.run(['logout', '--json'], { env })).json()).to.deep.equal({ ended: 1 });
      expect(existsSync(user.sessionFile)).to.equal(false);
    });

    it('removes the file alone with --local, which asks no server and says what becomes of the session', async () => {
      const { token, wire } = await startSession();
      await writeTokenFile(user, tokenFileOf({ token, wire }, proxy.url));
      await proxy.reset();
      const done = await user.run(['logout', '--local'], { env: { REDIS_URL: proxy.url } });
      expect(done).to.include({ code: 0, stderr: '' });
      expect(done.stdout).to.contain('ends by itself');
      expect(existsSync(user.sessionFile)).to.equal(false);
      expect(proxy.connections).to.equal(0);
      expect(await isAlive(token)).to.equal(true);
      expect((await user.run(['logout', '--local', '--json'])).json()).to.deep.equal({ ended: 0 });
    });
  });

  it('sends the token of another server nowhere, keeps the file, and hints at --local', async () => {
    const { token } = await holdSession(user);
    const env = { REDIS_URL: engines.redisUrlForDb(3) };
    const refused = jsonFailure(await user.run(['logout', '--json'], { env }));
    expect(refused).to.include({ code: 4, reason: 'other_server' });
    expect(refused.hint).to.contain('airbnb logout --local');
    expect(existsSync(user.sessionFile)).to.equal(true);
    expect(await isAlive(token)).to.equal(true);
    expect((await user.run(['logout', '--local'], { env })).code).to.equal(0);
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('leaves a file alone that another login has replaced meanwhile', async () => {
    const proxy = new FlightProxy(engines.redisUrl);
    await proxy.open();
    try {
      const { token, wire } = await startSession();
      await writeTokenFile(user, tokenFileOf({ token, wire }, proxy.url));
      proxy.delay(600);
      const running = user.start(['logout', '--json'], { env: { REDIS_URL: proxy.url } });
      while (proxy.commands.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const { token: newer } = await holdSession(user);
      expect((await running.result).code).to.equal(0);
      expect(JSON.parse(await readFile(user.sessionFile, 'utf8')).token).to.equal(newer);
    } finally {
      await proxy.close();
    }
  });
});
