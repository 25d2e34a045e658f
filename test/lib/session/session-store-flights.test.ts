import { expect } from 'chai';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import type { EngineProcess } from '../../support/engines/engine-process.ts';
import { engines } from '../../support/engines.ts';
import { type FlightProxy, startProxy } from '../../support/flight-proxy.ts';
import { newUserId, sampleSession } from '../../support/sample-session.ts';
import { openSessions, SCRIPTED, type SessionBackend } from '../../support/session-backend.ts';

/** Commands without a key. */
const KEYLESS = new Set(['AUTH', 'SELECT', 'TIME', 'CLIENT', 'INFO']);

describe('the session store’s flights', () => {
  let redis: EngineProcess;
  let proxy: FlightProxy;
  /** Prepares and inspects, beside the proxy. */
  let direct: SessionBackend;
  let userId: number;
  let opened: SessionBackend[];

  before(async () => {
    redis = await engines.ownRedis({ password: 'p@ss word' });
    const url = `redis://default:${encodeURIComponent('p@ss word')}@127.0.0.1:${redis.port}/3`;
    proxy = await startProxy(url);
    direct = openSessions({ url });
  });

  beforeEach(async () => {
    userId = newUserId();
    opened = [];
    await proxy.reset();
  });

  afterEach(() => {
    for (const backend of opened) backend.close();
    for (const command of proxy.commands) expectOneKey(command);
    expect(proxy.connections).to.be.at.most(1);
  });

  after(async () => {
    await proxy?.close();
    direct?.close();
    await redis?.dispose();
  });

  /** As a new process: nothing is connected yet. */
  function newProcess(ttl?: number): SessionBackend {
    const backend = openSessions({ url: proxy.url, ...(ttl === undefined ? {} : { ttl }) });
    opened.push(backend);
    return backend;
  }

  async function started() {
    const token = newToken();
    await direct.store.start(token, sampleSession({ user_id: userId }), 90_000);
    return { token, mark: markOf(token), userId };
  }

  const names = () => proxy.commands.map(([name = '']) => name.toUpperCase());

  it('restore by the token file in one, AUTH and SELECT included', async () => {
    await newProcess().sessions.restore(await started());
    expect(proxy.flights).to.equal(1);
    expect(names()).to.deep.equal(['AUTH', 'SELECT', 'EVAL', 'EXISTS', 'SISMEMBER', 'TTL']);
  });

  it('tell in one that a session has expired', async () => {
    const token = newToken();
    const restoring = newProcess().sessions.restore({ token, mark: markOf(token), userId });
    expect(await restoring.catch((error) => error.reason)).to.equal('expired');
    expect(proxy.flights).to.equal(1);
  });

  it('restore a bare token in two', async () => {
    const { token, mark } = await started();
    await newProcess().sessions.restore({ token, mark });
    expect(proxy.flights).to.equal(2);
  });

  it('restore and mend in two', async () => {
    const credential = await started();
    await direct.redis.expire(`user:${userId}:sessions`, 900);
    await newProcess().sessions.restore(credential);
    expect(proxy.flights).to.equal(2);

    await direct.redis.del(`user:${userId}:sessions`);
    await proxy.reset();
    for (const backend of opened) backend.close();
    await newProcess().sessions.restore(credential);
    expect(proxy.flights).to.equal(2);
  });

  it('refuse what was brought back in two', async () => {
    const credential = await started();
    const json = await direct.redis.get(`session:${credential.token}`);
    await direct.sessions.end(credential.token, userId);
    await direct.redis.setex(`session:${credential.token}`, 90, json as string);
    const restoring = newProcess().sessions.restore(credential);
    expect(await restoring.catch((error) => error.reason)).to.equal('revoked');
    expect(proxy.flights).to.equal(2);
  });

  it('list in two more than the restore, however many sessions there are', async () => {
    const credential = await started();
    for (let count = 0; count < 30; count++) await started();
    const backend = newProcess();
    await backend.sessions.restore(credential);
    const { sessions } = await backend.sessions.list(userId);
    expect(sessions).to.have.length(31);
    expect(proxy.flights).to.equal(3);
  });

  it('end a session in one where its user is known, and in two where not', async () => {
    const [one, two] = [await started(), await started()];
    expect(await newProcess().sessions.end(one.token, userId)).to.equal(1);
    expect(proxy.flights).to.equal(1);
    for (const backend of opened) backend.close();
    await proxy.reset();
    expect(await newProcess().sessions.end(two.token, undefined)).to.equal(1);
    expect(proxy.flights).to.equal(2);
    expect(await direct.redis.exists(`user:${userId}:sessions`)).to.equal(0);
  });

  it('start a session in two where it is the only one of its user, and else in three with nothing to prune', async () => {
    const { user_id, ...profile } = sampleSession();
    const backend = newProcess();
    await backend.sessions.start({ user_id: userId, ...profile }, SCRIPTED);
    expect(user_id).not.to.equal(userId);
    expect(proxy.flights).to.equal(2);
    expect(names()).to.include.members(['SADD', 'SET', 'PERSIST', 'SRANDMEMBER']);
    await proxy.reset();
    await backend.sessions.start({ user_id: userId, ...profile }, SCRIPTED);
    expect(proxy.flights).to.equal(3);
  });

  it('revoke by id and revoke all without a script, a transaction or a command on many keys', async () => {
    const credentials = [await started(), await started(), await started()];
    const backend = newProcess();
    await backend.sessions.revoke(userId, [credentials[0]?.mark.slice(0, 12) ?? '']);
    await backend.sessions.revokeAll(userId, { except: credentials[1]?.token });
    expect(names()).not.to.include.members(['EVAL']);
    expect(await direct.redis.smembers(`user:${userId}:sessions`)).to.deep.equal([credentials[1]?.token]);
  });

  it('are of one script that touches one key, sent whole', async () => {
    await newProcess(5).sessions.restore(await started());
    const evals = proxy.commands.filter(([name]) => name?.toUpperCase() === 'EVAL');
    expect(evals).to.have.length(1);
    expect(evals[0]?.[2]).to.equal('1');
    expect(evals[0]?.at(-1)).to.equal('5000');
    expect(evals[0]?.[1]?.match(/KEYS\[\d\]/g)).to.satisfy((keys: string[]) =>
      keys.every((key) => key === 'KEYS[1]'),
    );
  });
});

/** No command that names two keys, and nothing that would need all of its keys on one node. */
function expectOneKey(command: string[]): void {
  const [name = '', ...words] = command;
  const verb = name.toUpperCase();
  expect(verb).not.to.match(/^(MULTI|EXEC|WATCH|MGET|MSET|EVALSHA|SCRIPT|HELLO|KEYS|SCAN|RENAME)$/);
  if (KEYLESS.has(verb)) return;
  const keys = (verb === 'EVAL' ? words.slice(2) : words).filter((word) =>
    /^(session:|airbnb:revoked:|user:\d+:sessions$)/.test(word),
  );
  expect(keys, `keys of ${verb}`).to.have.length(1);
}
