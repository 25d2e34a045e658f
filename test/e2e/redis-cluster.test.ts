import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RedisConnection } from '../../src/lib/connections/redis.ts';
import { redisAddress } from '../../src/lib/connections/redis-address.ts';
import { SessionService } from '../../src/lib/session/session-service.ts';
import { SessionStore } from '../../src/lib/session/session-store.ts';
import { markOf } from '../../src/lib/session/session-token.ts';
import { signIn } from '../support/accounts.ts';
import { makeCertificates } from '../support/certificates.ts';
import { newUser, type User } from '../support/cli.ts';
import { codesUntilDone } from '../support/codes-until-done.ts';
import type { EngineProcess } from '../support/engines/engine-process.ts';
import { engines } from '../support/engines.ts';
import { failureOf } from '../support/failure-of.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { describeOnRedisServers, isFullRun } from '../support/redis-servers-suite.ts';
import { newUserId, sampleSession } from '../support/sample-session.ts';
import { SCRIPTED } from '../support/session-backend.ts';
import { settingsOf } from '../support/settings-of.ts';
import { readTokenFile } from '../support/token-file.ts';

/** Milliseconds: a node counts as lost after one second here, and then its replica has to be voted for. */
const FAILOVER = 8_000;
/** Commands that run while slots move. */
const COMMANDS = 200;
/** How many of them are the built program: the others do the same in this process, on connections of their own. */
const PROGRAMS = isFullRun ? COMMANDS : 24;

const FAILOVERS = isFullRun ? 3 : 1;

describeOnRedisServers('on a Redis Cluster', () => {
  let cluster: RedisCluster;
  let user: User;

  before(async function () {
    this.timeout(30_000);
    cluster = await RedisCluster.start({ replicas: true });
    user = await onCluster(cluster.seeds);
  });

  after(async () => {
    await user?.dispose();
    await cluster?.dispose();
  });

  const onCluster = (seeds: string) => newUser({ env: { REDIS_URL: undefined, REDIS_CLUSTER: seeds } });

  /** Does something on a connection of its own, as each command does. */
  async function once<T>(work: (sessions: SessionService) => Promise<T>): Promise<T> {
    const address = redisAddress(settingsOf({ REDIS_CLUSTER: cluster.seeds }));
    if (!address) throw new Error('REDIS_CLUSTER names no server');
    const connection = new RedisConnection(address);
    try {
      return await work(new SessionService(new SessionStore(connection), { ttl: 90, maxAge: undefined }));
    } finally {
      connection.close();
    }
  }

  /** Sessions of one user, whose tokens are in as many slots. */
  async function startSessions(count: number, userId = newUserId()) {
    const profile = sampleSession({ user_id: userId });
    return Promise.all(
      Array.from({ length: count }, () => once((sessions) => sessions.start(profile, SCRIPTED))),
    );
  }

  const credentialOf = ({ token, mark, wire }: Awaited<ReturnType<typeof startSessions>>[number]) => ({
    token,
    mark,
    userId: wire.user_id,
  });

  it('sign in, show, list, revoke, sign out', async function () {
    this.timeout(30_000);
    const account = await signIn(user);
    const { server } = await readTokenFile(user);
    const sorted = cluster.seeds.split(',').sort().join(',');
    expect(server).to.equal(`redis-cluster://${sorted}`);

    const shown = (await user.run(['whoami', '--json'])).json();
    expect(shown).to.include({ email: account.email, server, engine: 'redis', degraded: false });
    expect((await user.run(['sessions', 'check', '--min-ttl', '1m'])).code).to.equal(0);
    const lasting = await user.run(['exec', '--', 'sleep', '4'], { env: { AIRBNB_SESSION_TTL: '3' } });
    expect(lasting).to.include({ code: 0, stderr: '' });
    expect((await user.run(['whoami'])).code).to.equal(0);
    await using elsewhere = await onCluster(cluster.seeds);
    await signIn(elsewhere, account);
    const list = (await user.run(['sessions', 'list', '--json'])).json();
    expect(list.total).to.equal(2);
    const other = list.sessions.find((session: { current: boolean }) => !session.current);
    expect((await user.run(['sessions', 'revoke', other.id, '--json'])).json()).to.deep.equal({ ended: 1 });
    expect(jsonFailure(await elsewhere.run(['whoami', '--json']))).to.include({ code: 4, reason: 'revoked' });
    expect((await user.run(['doctor', '--json'])).stdout).to.include(server);
    expect((await user.run(['logout', '--json'])).json()).to.deep.equal({ ended: 1 });
  });

  it('list and end sessions that are in many slots', async () => {
    const started = await startSessions(40);
    const nodes = await Promise.all(started.map(({ token }) => cluster.primaryOf(`session:${token}`)));
    expect(new Set(nodes).size, 'nodes that have sessions').to.equal(3);
    const userId = started[0]?.wire.user_id as number;
    const { sessions } = await once((service) => service.list(userId));
    expect(sessions.map(({ token }) => token)).to.have.members(started.map(({ token }) => token));
    expect(await once((service) => service.revokeAll(userId))).to.equal(40);
    for (const session of started) {
      const failure = await failureOf(once((service) => service.restore(credentialOf(session))));
      expect(failure.reason).to.equal('revoked');
    }
  });

  it('leave no live session out of the index, though others clean it up meanwhile', async () => {
    const userId = newUserId();
    let isOver = false;
    const cleaning = (async () => {
      while (!isOver) await once((service) => service.list(userId));
    })();
    const started = [];
    try {
      for (let round = 0; round < 10; round++) started.push(...(await startSessions(5, userId)));
    } finally {
      isOver = true;
      await cleaning;
    }
    const { sessions } = await once((service) => service.list(userId));
    expect(sessions.map(({ token }) => token)).to.have.members(started.map(({ token }) => token));
  });

  it('end sessions that are in many slots by the command too', async function () {
    this.timeout(30_000);
    const account = await signIn(user);
    await startSessions(20, (await readTokenFile(user)).user_id);
    const ended = await user.run(['sessions', 'revoke-all', '--yes', '--json']);
    expect(ended.json()).to.deep.equal({ ended: 21 });
    await signIn(user, account);
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
  });

  it('start at any node, also where the other ones named are down', async () => {
    const nobody = '127.0.0.1:1';
    await using one = await onCluster(`${nobody},${cluster.seeds.split(',')[4]}`);
    await signIn(one);
    expect((await one.run(['whoami'])).code).to.equal(0);
  });

  it('refuse the URL of a node, and say which variable to set', async () => {
    const token = 'A'.repeat(43);
    const owner = await cluster.primaryOf(`session:${token}`);
    const other = (await cluster.primaries()).find((node) => node !== owner);
    await using wrong = await newUser({ env: { REDIS_URL: other?.url, AIRBNB_TOKEN: token } });
    for (const args of [['whoami'], ['sessions', 'list']]) {
      const failure = jsonFailure(await wrong.run([...args, '--json']));
      expect(failure).to.include({ code: 78, reason: 'misconfigured' });
      expect(failure.hint).to.include('REDIS_CLUSTER');
    }
  });

  it('refuse a server that is no node of a cluster, and say which variable to set', async () => {
    await using wrong = await onCluster(new URL(engines.redisUrl).host);
    const failure = jsonFailure(
      await wrong.run(['whoami', '--json'], { env: { AIRBNB_TOKEN: 'A'.repeat(43) } }),
    );
    expect(failure).to.include({ code: 78, reason: 'misconfigured' });
    expect(failure.hint).to.include('REDIS_URL');
  });

  it(`lose no command of ${COMMANDS} while slots move`, async function () {
    this.timeout(isFullRun ? 180_000 : 60_000);
    await signIn(user);
    const held = await readTokenFile(user);
    const others = await startSessions(10, held.user_id);
    const tokens = [held.token, ...others.map(({ token }) => token)];
    const keys = [
      `user:${held.user_id}:sessions`,
      ...tokens.flatMap((token) => [`session:${token}`, `airbnb:revoked:${markOf(token)}`]),
    ];
    const before = { moved: await cluster.redirections('MOVED'), asked: await cluster.redirections('ASK') };

    let isOver = false;
    let moves = 0;
    const moving = (async () => {
      for (let round = 0; !isOver; round++) {
        const key = keys[round % keys.length] as string;
        const from = await cluster.primaryOf(key);
        const primaries = await cluster.primaries();
        const to = primaries[(primaries.indexOf(from) + 1) % primaries.length] as EngineProcess;
        await cluster.moveSlot(await cluster.slotOf(key), from, to, 15);
        moves += 1;
      }
    })();

    const commands = Array.from({ length: COMMANDS }, (_, number) => async () => {
      if (number < PROGRAMS) {
        const { code, stderr } = await user.run(['whoami']);
        expect(code, stderr).to.equal(0);
      } else {
        const session = others[number % others.length];
        if (session) await once((sessions) => sessions.restore(credentialOf(session)));
      }
    });
    try {
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          for (let next = commands.pop(); next; next = commands.pop()) {
            await next();
            // What does not start a process is over in no time.
            await sleep(5);
          }
        }),
      );
    } finally {
      isOver = true;
      await moving;
    }
    expect(moves, 'slots moved').to.be.above(10);
    expect(await cluster.redirections('MOVED'), 'MOVED').to.be.above(before.moved);
    expect(await cluster.redirections('ASK'), 'ASK').to.be.above(before.asked);

    const { sessions } = await once((service) => service.list(held.user_id));
    expect(sessions.map(({ token }) => token)).to.have.members(tokens);
  });

  it('keep a session over the failover of the node that has it', async function () {
    this.timeout(FAILOVERS * 20_000);
    await signIn(user);
    const { token } = await readTokenFile(user);
    for (let count = 0; count < FAILOVERS; count++) {
      const primary = await cluster.primaryOf(`session:${token}`);
      await cluster.kill(primary);
      const codes = await codesUntilDone(user, FAILOVER);
      expect(codes).to.have.members([69, 0]);
      expect(await cluster.primaryOf(`session:${token}`)).not.to.equal(primary);
      expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
      await primary.start();
      await cluster.settled();
      expect((await user.run(['whoami'])).code).to.equal(0);
    }
  });

  it('say 69 where no node can be reached, and start nothing else', async function () {
    this.timeout(30_000);
    await Promise.all(cluster.nodes.map((node) => cluster.kill(node)));
    for (const args of [['whoami'], ['sessions', 'list'], ['logout']]) {
      const begin = performance.now();
      const failure = jsonFailure(await user.run([...args, '--json']));
      expect(performance.now() - begin, 'milliseconds').to.be.below(2_000);
      expect(failure).to.include({ code: 69, reason: 'unreachable' });
      expect(failure.hint).to.include('REDIS_CLUSTER');
    }
  });
});

describeOnRedisServers('on a Redis Cluster with a password and TLS', () => {
  const password = 'correct-horse-battery';
  let folder: string;
  let cluster: RedisCluster;
  let user: User;

  before(async function () {
    this.timeout(30_000);
    folder = mkdtempSync(join(tmpdir(), 'airbnb-cluster-tls-'));
    makeCertificates(folder);
    const [ca, cert, key] = ['ca.pem', 'server.pem', 'server.key'].map((name) => join(folder, name));
    cluster = await RedisCluster.start({
      password,
      tls: { ca: ca as string, cert: cert as string, key: key as string },
    });
    const configured = { REDIS_CLUSTER: cluster.seeds, REDIS_PASSWORD: password, REDIS_TLS_CA: ca };
    user = await newUser({ env: { REDIS_URL: undefined, ...configured } });
    await signIn(user);
  });

  after(async () => {
    await user?.dispose();
    await cluster?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('sign in, list, end', async () => {
    expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
    // Without schemes an authority to trust means TLS.
    const plain = cluster.seeds.replaceAll('rediss://', '');
    expect((await user.run(['whoami'], { env: { REDIS_CLUSTER: plain } })).code).to.equal(0);
  });

  it('refuse a wrong password, none, and a certificate that is not trusted', async () => {
    const wrong: NodeJS.ProcessEnv[] = [
      { REDIS_PASSWORD: 'wrong' },
      { REDIS_PASSWORD: undefined },
      { REDIS_TLS_CA: undefined },
      { REDIS_TLS_CA: join(folder, 'other-ca.pem') },
    ];
    for (const env of wrong) {
      const result = await user.run(['whoami', '--json'], { env });
      expect(jsonFailure(result), JSON.stringify(env)).to.include({ code: 78, reason: 'misconfigured' });
      expect(result.stdout + result.stderr).not.to.include(password);
    }
  });
});
