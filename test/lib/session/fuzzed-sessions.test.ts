import { expect } from 'chai';
import fc from 'fast-check';
import { parseWireSession, type Session } from '../../../src/lib/session/session.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { toWireTime } from '../../../src/lib/session/wire-time.ts';
import { alignRows } from '../../../src/lib/ui/rows.ts';
import { sessionJson, sessionRows } from '../../../src/lib/ui/session-view.ts';
import { stringifyHarmless } from '../../../src/lib/ui/terminal-text.ts';
import { valueText } from '../../support/json-text.ts';
import { dumps } from '../../support/python-client.ts';
import { newUserId, sampleSession } from '../../support/sample-session.ts';
import { openSessions, type SessionBackend } from '../../support/session-backend.ts';

/** What a terminal obeys, line ends apart. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('whatever lies in Redis in the place of a session', () => {
  const userId = newUserId();
  let backend: SessionBackend;
  let token: string;

  before(() => {
    backend = openSessions();
  });
  beforeEach(() => {
    token = newToken();
  });
  after(async () => {
    await backend.redis.del(`user:${userId}:sessions`);
    backend.close();
  });

  /** Restores, looks at and lists it as the program does, and holds the three verdicts against each other. */
  async function assertOneVerdict(content: string | Buffer): Promise<void> {
    const { redis, store } = backend;
    const key = `session:${token}`;
    const credential = { token, mark: markOf(token), userId };
    await redis.sadd(`user:${userId}:sessions`, token);
    await redis.set(key, content, 'PX', 30_000);
    const before = await redis.getBuffer(key);

    const looked = await store.look(credential);
    const { sessions, corrupt } = await store.list(userId);
    expect(await redis.getBuffer(key), 'neither changes anything').to.deep.equal(before);
    const now = new Date();
    const restored = await store.restore(credential, 90, now);

    if ('ended' in looked) {
      expect(looked.ended).to.be.oneOf(['corrupt', 'expired']);
      expect(restored).to.deep.equal(looked);
      if (looked.ended === 'corrupt') {
        expect(corrupt).to.deep.equal([token]);
        expect(await redis.getBuffer(key)).to.deep.equal(before);
        expect(await redis.pttl(key), 'it is not slid').to.be.at.most(30_000);
      }
      await redis.del(key);
      return;
    }
    if ('ended' in restored) throw new Error(`restored as ${restored.ended}, looked at as alive`);
    // A session of somebody else has nothing to do in this index.
    const isOwn = looked.session.wire.user_id === userId;
    expect(sessions.map((each) => each.token)).to.deep.equal(isOwn ? [token] : []);
    expect(corrupt).to.deep.equal(isOwn ? [] : [token]);
    assertOnlyActivityMoved(before as Buffer, (await redis.getBuffer(key)) as Buffer, toWireTime(now));
    assertShown(restored.session);
    await redis.del(key, `user:${restored.session.wire.user_id}:sessions`);
  }

  /** What the script wrote differs from what it read in `last_activity` alone, byte for byte. */
  function assertOnlyActivityMoved(before: Buffer, left: Buffer, activity: string): void {
    const read = JSON.parse(before.toString());
    expect(JSON.parse(left.toString())).to.deep.equal({ ...read, last_activity: activity });
    // A name may hold that very time, so each place is tried.
    let at = left.indexOf(activity);
    const isThere = () =>
      before.subarray(0, at).equals(left.subarray(0, at)) &&
      before.subarray(at - left.length + activity.length).equals(left.subarray(at + activity.length));
    while (at !== -1 && !isThere()) at = left.indexOf(activity, at + 1);
    expect(at, `${before}\n${left}`).to.be.greaterThan(0);
  }

  function assertShown(session: Session): void {
    for (const language of ['en', 'es'] as const) {
      const lines = alignRows(sessionRows(session, language));
      expect(lines).not.to.match(OBEYED);
      expect(lines.split('\n'), 'one line for each').to.have.length(8);
      for (const line of lines.split('\n')) expect([...line].length).to.be.at.most(230);
    }
    expect(stringifyHarmless(sessionJson(session, token))).not.to.match(OBEYED);
  }

  const wire = sampleSession({ user_id: userId, nombre: 'Ñandú "the" 😀' });
  const whole = fc.constantFrom(
    JSON.stringify(wire),
    dumps({ ...wire }),
    dumps({ ...wire, device: 'host', ip: '::1', ip_source: 'redis' }),
    JSON.stringify({ ...wire, device: 'host', ip: null, ip_source: null, ends_at: null }),
    JSON.stringify({ ...wire, ends_at: Date.now() + 3_600_000 }),
    JSON.stringify({ ...wire, last_activity: undefined, more: { last_activity: 'x' } }),
  );

  it('any JSON is a session, or corrupt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(valueText, fc.json(), fc.string({ unit: 'binary' })), assertOneVerdict),
      { numRuns: 200 },
    );
  });

  it('an object whose fields hold anything is one too', async () => {
    const field = (sound: unknown) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(sound) }, fc.jsonValue(), fc.constant(undefined));
    const session = fc.record({
      ...Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, field(value)])),
      device: field('host'),
      ip: field(null),
      ip_source: field('ssh'),
      ends_at: field(undefined),
    });
    await fc.assert(
      fc.asyncProperty(session, (value) => assertOneVerdict(JSON.stringify(value))),
      { numRuns: 300 },
    );
  });

  it('a session with bytes put in, taken out or turned is one too', async () => {
    const change = fc.record({
      at: fc.nat(1_000),
      removed: fc.nat(3),
      added: fc.oneof(
        fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom(
            '"',
            '\\',
            '{',
            '}',
            '[',
            ']',
            ',',
            ':',
            '\\u0000',
            '\\ud800',
            '1e999',
            '-',
            '0',
            'null',
          )
          .map((text) => Buffer.from(text)),
        fc
          .constantFrom('"last_activity":"x",', '"user_id":"1",', ',"last\\u005factivity":1')
          .map((text) => Buffer.from(text)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(whole, change, async (text, { at, removed, added }) => {
        const bytes = Buffer.from(text);
        const from = at % (bytes.length + 1);
        await assertOneVerdict(
          Buffer.concat([bytes.subarray(0, from), added, bytes.subarray(from + removed)]),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('a name of any length and content is stored as it is, and shown on one line', async () => {
    for (const nombre of [
      'x'.repeat(100_000),
      '😀'.repeat(50_000),
      '👩‍👩‍👧‍👦'.repeat(1_000),
      `e${'\u0301'.repeat(10_000)}`,
      '\u202eevil\u2066',
      '\u001b]0;title\u0007\u009b31m',
      'a\0b',
      '\ud800',
      'ﷺ'.repeat(500),
      'שלום مرحبا 日本語',
    ]) {
      const text = JSON.stringify({ ...wire, nombre, device: nombre, ip: nombre });
      await backend.redis.set(`session:${token}`, text, 'EX', 30);
      const restored = await backend.store.restore({ token, mark: markOf(token), userId }, 90, new Date());
      if ('ended' in restored) throw new Error(restored.ended);
      expect(restored.session.wire.nombre).to.equal(nombre);
      assertShown(restored.session);
      const left = parseWireSession((await backend.redis.get(`session:${token}`)) ?? '');
      expect({ ...left, last_activity: '' }).to.deep.equal({ ...restored.session.wire, last_activity: '' });
      await backend.redis.del(`session:${token}`);
    }
  });
});
