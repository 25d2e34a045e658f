import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Session } from '../../../src/lib/session/session.ts';
import { type Profile, SessionService } from '../../../src/lib/session/session-service.ts';
import { type ServerFacts, SessionStore } from '../../../src/lib/session/session-store.ts';
import { idOfMark, markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { engines } from '../../support/engines.ts';
import { failureOf, reasonOf } from '../../support/failure-of.ts';
import { startProxy } from '../../support/flight-proxy.ts';
import { newUserId, sampleSession } from '../../support/sample-session.ts';
import {
  type BackendOptions,
  openSessions,
  SCRIPTED,
  type SessionBackend,
} from '../../support/session-backend.ts';

describe('the session service', () => {
  let backend: SessionBackend;
  let opened: SessionBackend[];
  let profile: Profile;

  beforeEach(() => {
    opened = [];
    backend = open();
    const { created_at, last_activity, ...ofAccount } = sampleSession({ user_id: newUserId() });
    profile = ofAccount;
  });

  afterEach(() => {
    for (const each of opened) each.close();
  });

  function open(options: BackendOptions = {}): SessionBackend {
    const another = openSessions(options);
    opened.push(another);
    return another;
  }

  const keyOf = ({ token }: { token: string }) => `session:${token}`;

  /** A session in the index, with a mark that begins as asked for. */
  async function startedWithId(prefix: string, userId = profile.user_id): Promise<string> {
    let token = newToken();
    while (!markOf(token).startsWith(prefix)) token = newToken();
    await backend.store.start(token, sampleSession({ user_id: userId }), 90_000);
    return token;
  }

  describe('start', () => {
    it('writes the ten fields in their order, then ours', async () => {
      const session = await backend.sessions.start(profile, SCRIPTED);
      const stored = JSON.parse((await backend.redis.get(keyOf(session))) as string);
      expect(Object.keys(stored)).to.deep.equal([
        'user_id',
        'email',
        'rol',
        'auth_user_id',
        'huesped_id',
        'anfitrion_id',
        'nombre',
        'creado_en',
        'created_at',
        'last_activity',
        'device',
        'ip',
        'ip_source',
      ]);
      expect(stored).to.include(profile);
      expect(stored).to.deep.equal(session.wire);
      expect(stored.created_at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
      expect(stored.last_activity).to.equal(stored.created_at);
      expect(Date.parse(`${stored.created_at}Z`)).to.be.within(Date.now() - 5_000, Date.now());
    });

    it('lasts 90 seconds where that is the lifetime, and 3 where that is', async () => {
      for (const ttl of [90, 3]) {
        const session = await open({ ttl }).sessions.start(profile, SCRIPTED);
        expect(session.expiresInMs).to.equal(ttl * 1000);
        expect(await backend.redis.pttl(keyOf(session))).to.be.within(ttl * 1000 - 900, ttl * 1000);
      }
    });

    it('gives every session a new token of 43 characters', async () => {
      const sessions = await Promise.all(
        Array.from({ length: 20 }, () => backend.sessions.start(profile, SCRIPTED)),
      );
      const tokens = sessions.map(({ token }) => token);
      expect(new Set(tokens).size).to.equal(20);
      for (const { token, mark } of sessions) {
        expect(token).to.match(/^[A-Za-z0-9_-]{43}$/);
        expect(mark).to.equal(createHash('sha256').update(token).digest('hex'));
      }
    });

    it('records where it was started', async () => {
      const ssh = { ...SCRIPTED, sshConnection: '203.0.113.7 50000 10.0.0.1 22' };
      const { wire } = await backend.sessions.start(profile, ssh);
      expect(wire).to.include({ ip: '203.0.113.7', ip_source: 'ssh' });
      expect(wire.device).to.match(/ airbnb\/0\.1\.0 ssh$/);

      const scripted = await backend.sessions.start(profile, SCRIPTED);
      if (engines.kind === 'servers') {
        expect(scripted.wire).to.include({ ip: '127.0.0.1', ip_source: 'redis' });
      } else {
        expect([scripted.wire.ip, scripted.wire.ip_source]).to.deep.equal(
          scripted.wire.ip === null ? [null, null] : ['127.0.0.1', 'redis'],
        );
      }
    });

    it('has no absolute end unless there is a maximal age, which counts by Redis’ clock', async () => {
      expect(await backend.sessions.start(profile, SCRIPTED)).not.to.have.nested.property('wire.ends_at');
      const { now } = await backend.sessions.facts();
      const { wire } = await open({ ttl: 90, maxAge: 3_600 }).sessions.start(profile, SCRIPTED);
      expect(wire.ends_at)
        .to.be.a('number')
        .that.is.within(now + 3_600_000, now + 3_605_000);
      expect(Number.isInteger(wire.ends_at)).to.equal(true);
      expect(Object.keys(wire).at(-1)).to.equal('ends_at');
    });

    it('asks for nothing twice of a server that was found reachable, whose clock goes on meanwhile', async () => {
      const proxy = await startProxy(engines.redisUrl);
      try {
        const { sessions } = open({ url: proxy.url, ttl: 90, maxAge: 3_600 });
        await sessions.assureReachable(1_000);
        await sleep(400);
        const { now } = await backend.sessions.facts();
        const { wire } = await sessions.start(profile, SCRIPTED);
        expect(wire.ends_at).to.be.within(now + 3_600_000 - 50, now + 3_605_000);
        expect(proxy.commands.filter(([name = '']) => name.toUpperCase() === 'TIME')).to.have.length(1);
      } finally {
        await proxy.close();
      }
    });

    it('is told within the time that it gives that a server is not there, or still loading', async () => {
      const proxy = await startProxy(engines.redisUrl);
      try {
        const begin = performance.now();
        proxy.blackhole();
        const silent = open({ url: proxy.url }).sessions.assureReachable(300);
        expect(await failureOf(silent)).to.include({ reason: 'unreachable' });
        expect(performance.now() - begin).to.be.below(1_000);
        await proxy.reset();
        // As a server does: what is about no key is answered.
        proxy.answer('EXISTS', '-LOADING Redis is loading the dataset in memory');
        const loading = open({ url: proxy.url }).sessions.assureReachable(1_000);
        expect((await failureOf(loading)).params).to.include({ detail: 'LOADING' });
      } finally {
        await proxy.close();
      }
    });

    it('refuses servers that are too old, and takes one that does not tell', async () => {
      const verdict = async (facts: Partial<ServerFacts>) => {
        const service = new SessionService(new AgedStore(backend.connection, facts), {
          ttl: 5,
          maxAge: undefined,
        });
        return service.start(profile, SCRIPTED).then(
          () => 'taken',
          ({ reason, params }) => `${reason} ${params.product} ${params.minimum}`,
        );
      };
      expect(await verdict({ redisVersion: '6.2.0', valkeyVersion: undefined })).to.equal('taken');
      expect(await verdict({ redisVersion: '10.0.0', valkeyVersion: undefined })).to.equal('taken');
      expect(await verdict({ redisVersion: '7.2.4', valkeyVersion: '7.2.5' })).to.equal('taken');
      expect(await verdict({ redisVersion: '7.2.4', valkeyVersion: '9.1.0' })).to.equal('taken');
      expect(await verdict({ redisVersion: undefined, valkeyVersion: undefined })).to.equal('taken');
      expect(await verdict({ redisVersion: '6.0.16', valkeyVersion: undefined })).to.equal(
        'unsupported_version Redis 6.2',
      );
      expect(await verdict({ redisVersion: '5.0.14', valkeyVersion: undefined })).to.equal(
        'unsupported_version Redis 6.2',
      );
      expect(await verdict({ redisVersion: '7.2.4', valkeyVersion: '7.0.0' })).to.equal(
        'unsupported_version Valkey 7.2',
      );
    });
  });

  describe('restore', () => {
    it('slides: a session that is used outlives its lifetime, one that is not does not', async () => {
      const { sessions } = open({ ttl: 1 });
      const [used, unused] = [
        await sessions.start(profile, SCRIPTED),
        await sessions.start(profile, SCRIPTED),
      ];
      for (let round = 0; round < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 400));
        await sessions.restore(used);
      }
      expect(await reasonOf(sessions.restore(unused))).to.equal('expired');
      await new Promise((resolve) => setTimeout(resolve, 1_050));
      expect(await reasonOf(sessions.restore(used))).to.equal('expired');
    });

    it('moves the last activity', async () => {
      const session = await backend.sessions.start(profile, SCRIPTED);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { wire } = await backend.sessions.restore(session);
      expect(wire).to.deep.equal({ ...session.wire, last_activity: wire.last_activity });
      expect(wire.last_activity > session.wire.last_activity).to.equal(true);
    });

    it('goes by the lifetime of whoever refreshes', async () => {
      const session = await open({ ttl: 5 }).sessions.start(profile, SCRIPTED);
      expect(await open({ ttl: 500 }).sessions.restore(session)).to.have.property('expiresInMs', 500_000);
      expect(await backend.redis.ttl(keyOf(session))).to.be.within(495, 500);
    });

    it('ends at the absolute end, however often it is used', async () => {
      const { sessions } = open({ ttl: 1, maxAge: 1 });
      const session = await sessions.start(profile, SCRIPTED);
      // Whoever refreshes without a maximal age of its own keeps to that of the login.
      const { sessions: another } = open({ ttl: 90 });
      const { expiresInMs } = await another.restore(session);
      expect(expiresInMs).to.be.within(1, 1_000);
      await new Promise((resolve) => setTimeout(resolve, 1_050));
      expect(await reasonOf(another.restore(session))).to.equal('expired');
      expect(await backend.redis.exists(keyOf(session))).to.equal(0);
    });

    it('is what a new process does with what an old one knew', async () => {
      const session = await backend.sessions.start(profile, SCRIPTED);
      const again = await open().sessions.restore({
        token: session.token,
        mark: session.mark,
        userId: profile.user_id,
      });
      expect(again.wire).to.deep.equal({ ...session.wire, last_activity: again.wire.last_activity });
    });

    it('keeps several sessions of a user apart', async () => {
      const [one, two] = [
        await backend.sessions.start(profile, SCRIPTED),
        await backend.sessions.start(profile, SCRIPTED),
      ];
      await backend.sessions.end(one.token, profile.user_id);
      expect(await reasonOf(backend.sessions.restore(one))).to.equal('revoked');
      expect((await backend.sessions.restore(two)).token).to.equal(two.token);
    });
  });

  describe('list', () => {
    it('is newest first, whoever wrote the time in whatever form', async () => {
      const times = [
        '2026-01-01T10:00:00',
        '2026-01-01T12:00:00+05:00', // 07:00 UTC
        '2026-01-01T11:00:00.500000',
        'no time',
        '2026-01-01T11:00:00.400',
      ];
      for (const created_at of times) {
        const wire = sampleSession({ user_id: profile.user_id, created_at });
        await backend.store.start(newToken(), wire, 90_000);
      }
      const { sessions } = await backend.sessions.list(profile.user_id);
      expect(sessions.map(({ wire }) => wire.created_at)).to.deep.equal([
        '2026-01-01T11:00:00.500000',
        '2026-01-01T11:00:00.400',
        '2026-01-01T10:00:00',
        '2026-01-01T12:00:00+05:00',
        'no time',
      ]);
    });
  });

  describe('revoke', () => {
    it('ends the sessions that ids or their beginnings name, and no others', async () => {
      const [one, two, three] = [
        await startedWithId('a'),
        await startedWithId('b'),
        await startedWithId('c'),
      ];
      const ids = [idOfMark(markOf(one)), idOfMark(markOf(two)).slice(0, 4).toUpperCase()];
      expect(await backend.sessions.revoke(profile.user_id, ids)).to.equal(2);
      const { sessions } = await backend.sessions.list(profile.user_id);
      expect(sessions.map(({ token }) => token)).to.deep.equal([three]);
    });

    it('counts a session once that is named twice', async () => {
      const id = idOfMark(markOf(await startedWithId('')));
      expect(await backend.sessions.revoke(profile.user_id, [id, id.slice(0, 6), id])).to.equal(1);
    });

    it('ends nothing where one id is unknown, ambiguous or somebody else’s', async () => {
      const [one, two] = [await startedWithId('a'), await startedWithId('a')];
      const other = await startedWithId('b', newUserId());
      const good = idOfMark(markOf(one));
      const others = idOfMark(markOf(other));
      const unknown = idOfMark(markOf(newToken()));

      const failure = async (ids: string[]) => {
        const { reason, params } = await failureOf(backend.sessions.revoke(profile.user_id, ids));
        return { reason, params };
      };
      expect(await failure([good, unknown])).to.deep.equal({
        reason: 'unknown_session',
        params: { id: unknown },
      });
      expect(await failure([good, others])).to.deep.equal({
        reason: 'unknown_session',
        params: { id: others },
      });
      expect(await failure([good, 'a'])).to.deep.equal({ reason: 'ambiguous_session', params: { id: 'a' } });
      const { sessions } = await backend.sessions.list(profile.user_id);
      expect(sessions.map(({ token }) => token)).to.have.members([one, two]);
      expect(await backend.redis.exists(`session:${other}`)).to.equal(1);
    });
  });

  describe('revoke all', () => {
    it('ends every session of the user, unreadable ones too, and none of another’s', async () => {
      const sessions = [
        await backend.sessions.start(profile, SCRIPTED),
        await backend.sessions.start(profile, SCRIPTED),
      ];
      const broken = newToken();
      await backend.redis.set(`session:${broken}`, 'not json', 'EX', 90);
      await backend.redis.sadd(`user:${profile.user_id}:sessions`, broken, newToken());
      const other = await startedWithId('', newUserId());

      expect(await backend.sessions.revokeAll(profile.user_id)).to.equal(3);
      for (const session of sessions) {
        expect(await reasonOf(backend.sessions.restore(session))).to.equal('revoked');
      }
      expect(await backend.redis.exists(`user:${profile.user_id}:sessions`, `session:${broken}`)).to.equal(0);
      expect(await backend.redis.exists(`session:${other}`)).to.equal(1);
      expect(await backend.sessions.revokeAll(profile.user_id)).to.equal(0);
    });

    it('can leave the current one', async () => {
      const [one, two] = [
        await backend.sessions.start(profile, SCRIPTED),
        await backend.sessions.start(profile, SCRIPTED),
      ];
      expect(await backend.sessions.revokeAll(profile.user_id, { except: one.token })).to.equal(1);
      expect((await backend.sessions.restore(one)).token).to.equal(one.token);
      expect(await reasonOf(backend.sessions.restore(two))).to.equal('revoked');
    });

    it('ends the one that it is told to keep for the end behind all others', async () => {
      const started = await Promise.all(
        Array.from({ length: 20 }, () => backend.sessions.start(profile, SCRIPTED)),
      );
      const last = started[7] as Session;
      const proxy = await startProxy(engines.redisUrl);
      const cut = openSessions({ url: proxy.url });
      try {
        // SMEMBERS, then all marks but one.
        proxy.cutAfterCommands(1 + 19);
        const ending = cut.sessions.revokeAll(profile.user_id, { last: last.token });
        expect(await reasonOf(ending)).to.equal('unreachable');
      } finally {
        cut.close();
        await proxy.close();
      }
      const others = started.filter(({ token }) => token !== last.token);
      const reasons = await Promise.all(others.map((each) => reasonOf(backend.sessions.look(each))));
      expect(new Set(reasons)).to.deep.equal(new Set(['revoked']));
      expect(await backend.sessions.look(last)).to.include({ token: last.token });
      expect(await backend.sessions.revokeAll(profile.user_id, { last: last.token })).to.equal(20);
    });

    it('ends more than one batch holds, and says how far it is', async function () {
      this.timeout(60_000);
      const index = `user:${profile.user_id}:sessions`;
      const tokens = Array.from({ length: 10_050 }, newToken);
      await backend.redis.sadd(index, ...tokens);
      const alive = tokens.slice(-300);
      await Promise.all(
        alive.map((token) =>
          backend.redis.set(`session:${token}`, JSON.stringify(sampleSession(profile)), 'EX', 90),
        ),
      );
      const steps: number[] = [];
      const onProgress = (done: number) => steps.push(done);
      expect(await backend.sessions.revokeAll(profile.user_id, { onProgress })).to.equal(300);
      expect(steps).to.deep.equal([0, 10_000, 10_050]);
      expect(await backend.redis.exists(index, ...alive.map((token) => `session:${token}`))).to.equal(0);
    });
  });

  describe('under load', () => {
    it('lists all of 50 sessions that were started at once', async () => {
      const processes = Array.from({ length: 10 }, () => open());
      const started = await Promise.all(
        Array.from({ length: 50 }, (_, at) => processes[at % 10]?.sessions.start(profile, SCRIPTED)),
      );
      const { sessions } = await backend.sessions.list(profile.user_id);
      expect(sessions.map(({ token }) => token)).to.have.members(started.map((session) => session?.token));
    });

    it('brings no session back in 1,000 refreshes that race revokes', async function () {
      this.timeout(30_000);
      const refreshers = [open(), open(), open(), open()];
      let refused = 0;
      let refreshed = 0;
      for (let round = 0; round < 50; round++) {
        const session = await backend.sessions.start(profile, SCRIPTED);
        const credential = { token: session.token, mark: session.mark, userId: profile.user_id };
        let isEnded = false;
        const refreshes = Array.from({ length: 20 }, async (_, at) => {
          // Some with the index to mend, which takes a second flight.
          const known = at % 4 === 0 ? { ...credential, userId: undefined } : credential;
          await new Promise((resolve) => setTimeout(resolve, at % 5));
          const begunAfterTheEnd = isEnded;
          try {
            await refreshers[at % 4]?.sessions.restore(known);
            expect(begunAfterTheEnd, 'a restore after the end').to.equal(false);
            refreshed += 1;
          } catch (error) {
            expect(error).to.have.property('reason').that.is.oneOf(['revoked', 'expired']);
            refused += 1;
          }
        });
        const end = new Promise((resolve) => setTimeout(resolve, round % 4))
          .then(() => backend.sessions.end(session.token, profile.user_id))
          .then(() => {
            isEnded = true;
          });
        await Promise.all([...refreshes, end]);
        expect(await backend.redis.exists(keyOf(session), `user:${profile.user_id}:sessions`)).to.equal(0);
      }
      expect(refused + refreshed).to.equal(1_000);
      expect(refused).to.be.greaterThan(0);
      expect(refreshed).to.be.greaterThan(0);
    });
  });
});

/** A real store that says another version of its server. */
class AgedStore extends SessionStore {
  readonly #facts: Partial<ServerFacts>;

  constructor(connection: SessionBackend['connection'], facts: Partial<ServerFacts>) {
    super(connection);
    this.#facts = facts;
  }

  override async facts(): Promise<ServerFacts> {
    return { ...(await super.facts()), ...this.#facts };
  }
}
