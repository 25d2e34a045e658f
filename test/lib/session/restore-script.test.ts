import { expect } from 'chai';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { RESTORE_SCRIPT } from '../../../src/lib/session/restore-script.ts';
import { parseWireSession } from '../../../src/lib/session/session.ts';
import { engines } from '../../support/engines.ts';
import { keyText, stringText, valueText, whitespace } from '../../support/json-text.ts';
import { dumps } from '../../support/python-client.ts';
import { sampleSession } from '../../support/sample-session.ts';
import { plainClient } from '../../support/session-backend.ts';

const KEY = 'session:restore-script-test';
const NOW = '2026-01-02T03:04:05.678';
const TTL = 60_000;

describe('the restore script', () => {
  let redis: Redis;

  before(() => {
    redis = plainClient(engines.redisUrl);
  });

  beforeEach(() => redis.del(KEY));

  after(async () => {
    await redis.del(KEY);
    redis.disconnect();
  });

  const restore = (ttl = TTL) =>
    redis.eval(RESTORE_SCRIPT, 1, KEY, NOW, ttl) as Promise<string | unknown[] | null>;

  /** What it returns and leaves for a text that lay there with five seconds to live. */
  async function restored(text: string) {
    await redis.set(KEY, text, 'EX', 5);
    const reply = await restore();
    return { reply, left: await redis.get(KEY), pttl: await redis.pttl(KEY) };
  }

  describe('what it changes', () => {
    const REST = '"user_id": 1, "email": "a@b", "rol": "HUESPED"';

    /** Texts around one `<>`, which is where the only change belongs. */
    const cases: Record<string, string> = {
      'the ten fields as our own client writes them': JSON.stringify(sampleSession({ last_activity: '<>' })),
      'the ten fields as the Python client writes them': dumps(
        sampleSession({ nombre: 'Ñandú 😀', last_activity: '<>' }),
      ),
      'unknown fields, in their order': `{"z": 1, ${REST}, "a": {"b": [1]}, "last_activity": "<>", "0": null}`,
      'integers too large for a float': `{${REST}, "n": 9007199254740993, "m": -123456789012345678901, "last_activity": "<>"}`,
      'floats as they were written': `{${REST}, "n": [1.0, 1e5, 1E+5, 0.1000, -0.0], "last_activity": "<>"}`,
      'empty arrays and objects': `{"a": [], "o": {}, ${REST}, "last_activity": "<>", "x": [[], {}]}`,
      'escapes, needed or not': `{${REST}, "n": "\\u00e9\\/\\ud83d\\ude00\\u0000\\"", "last_activity": "<>"}`,
      'half a surrogate pair': `{${REST}, "n": "\\ud800", "last_activity": "<>", "\\udc00": "\\\\ud800"}`,
      'half a surrogate pair in a key': `{"\\ud800": 1, ${REST}, "last_activity": "<>"}`,
      'bytes of UTF-8': `{${REST}, "nombre": "Ñandú 😀 \u2028", "last_activity": "<>"}`,
      'the key in escapes': `{${REST}, "last\\u005factivity": "<>"}`,
      'the key in nothing but escapes': `{${REST}, "${[...'last_activity'].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}": "<>"}`,
      'nested fields of the same name': `{"o": {"last_activity": "no"}, ${REST}, "last_activity": "<>", "a": [{"last_activity": "no"}]}`,
      'a value that contains the field’s text': `{"nombre": "\\"last_activity\\": \\"no\\"", ${REST}, "last_activity": "<>", "x": "last_activity"}`,
      'a name that contains the field’s text': `{"\\"last_activity\\": \\"no": "x", ${REST}, "last_activity": "<>"}`,
      'names that contain the field’s name': `{"last_activity_2": "no", "my_last_activity": "no", ${REST}, "last_activity": "<>", "last_activity ": "no"}`,
      'a value that ends in a backslash': `{"nombre": "\\\\", ${REST}, "last_activity": "<>", "x": "\\\\\\" "}`,
      'the last of several': `{"last_activity": "no", ${REST}, "last_activity": 5, "last_activity": "<>"}`,
      'the last of several, written differently': `{"last_activity": "no", ${REST}, "last_activit\\u0079": "<>"}`,
      'white space wherever it may be': `\r\n\t{ ${REST} ,\n"last_activity"\t:\r\n"<>"\n} \n`,
      'no white space at all': '{"user_id":1,"email":"","rol":"","last_activity":"<>"}',
      'a value with escapes in it': `{${REST}, "last_activity": "<>\\"\\\\"}`,
      'values in as many others as may be': `{"deep": ${'['.repeat(999)}1${']'.repeat(999)}, ${REST}, "last_activity": "<>"}`,
      'an empty value': `{${REST}, "last_activity": ""}`,
      'a field without an end': `{${REST}, "ends_at": null, "last_activity": "<>"}`,
    };

    for (const [what, text] of Object.entries(cases)) {
      it(`keeps byte for byte: ${what}`, async () => {
        const marked = text.replace('""}', '"<>"}').replace('<>\\"\\\\', '<>');
        const expected = marked.replace('<>', NOW);
        // Of another length than ours, and of the same.
        for (const before of ['2025-01-01T00:00:00', '2025-01-01T00:00:00.000']) {
          const found = text.replace('<>', before);
          const { reply, left } = await restored(found);
          expect(left).to.equal(expected);
          expect(reply, 'as it was').to.equal(found);
        }
        expect(parseWireSession(expected), 'the verdict of lists').not.to.equal(undefined);
      });
    }

    it('keeps bytes that are no UTF-8', async () => {
      const around = (value: string) =>
        Buffer.concat([
          Buffer.from(`{${REST}, "n": "`),
          Buffer.from([0xff, 0xfe, 0xc3]),
          Buffer.from(`", "last_activity": "${value}"}`),
        ]);
      await redis.set(KEY, around('no'));
      await restore();
      expect(await redis.getBuffer(KEY)).to.deep.equal(around(NOW));
    });

    it('takes no longer than a long text is long', async () => {
      const long = 'k'.repeat(100_000);
      const texts = {
        'a long name': `{"${long}":1,${REST},"last_activity":"no"}`,
        'a long name, then blanks': `{"${long}":${' '.repeat(10_000)}1,${REST},"last_activity":"no"}`,
        'many names': `{${`"${'k'.repeat(1_000)}":1,`.repeat(300)}${REST},"last_activity":"no"}`,
        'a long value': `{"x":"${long}",${REST},"last_activity":"no"}`,
        'many values': `{"x":[${'"",'.repeat(100_000)}{}],${REST},"last_activity":"no"}`,
        'nothing but quotes': `{"x":"${'\\"'.repeat(100_000)}",${REST},"last_activity":"no"}`,
      };
      for (const [what, text] of Object.entries(texts)) {
        await redis.set(KEY, text, 'EX', 5);
        const begin = performance.now();
        expect(await restore(), what).to.equal(text);
        // Some milliseconds; each letter tried for each other would be minutes.
        expect(performance.now() - begin, what).to.be.below(3_000);
      }
    });

    it('keeps everything else of any object whatever', async () => {
      const required = ['user_id', 'email', 'rol', 'last_activity'];
      const key = fc
        .oneof(stringText, keyText('device'))
        .filter((text) => !required.includes(JSON.parse(text)));
      const member = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
        fc
          .tuple(whitespace, name, whitespace, whitespace, value, whitespace)
          .map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`);
      const others = fc.array(member(key, valueText), { maxLength: 3 });
      const session = fc.record({
        duplicates: fc.array(member(keyText('last_activity'), valueText), { maxLength: 2 }),
        others: fc.tuple(others, others, others),
        known: fc.shuffledSubarray(['"user_id":7', '"email" : "a\\u0040b"', '"rol":"AMBOS"'], {
          minLength: 3,
        }),
        key: keyText('last_activity'),
        value: stringText,
        spaces: fc.tuple(whitespace, whitespace, whitespace, whitespace),
      });

      await fc.assert(
        fc.asyncProperty(session, async ({ duplicates, others: [a, b, c], known, key, value, spaces }) => {
          const [s1, s2, s3, s4] = spaces;
          const before = [...a, ...duplicates, ...known.slice(0, 1), ...b].map((each) => `${each},`).join('');
          const after = [...known.slice(1), ...c].map((each) => `,${each}`).join('');
          const whole = (text: string) => `${s1}{${before}${key}${s2}:${s3}${text}${after}}${s4}`;
          const { left } = await restored(whole(value));
          expect(left).to.equal(whole(`"${NOW}"`));
          expect(JSON.parse(left as string)).to.deep.equal({
            ...JSON.parse(whole(value)),
            last_activity: NOW,
          });
        }),
        { numRuns: 400 },
      );
    });

    it('reads what it has written', async () => {
      const { left } = await restored(JSON.stringify(sampleSession()));
      expect((await restored(left as string)).left).to.equal(left);
    });
  });

  describe('the lifetime', () => {
    it('is that of whoever refreshes, longer or shorter than before', async () => {
      for (const ttl of [90_000, 1_000, 31_536_000_000]) {
        const found = JSON.stringify(sampleSession());
        await redis.set(KEY, found, 'EX', 50);
        expect(await restore(ttl)).to.equal(found);
        expect(await redis.pttl(KEY)).to.be.within(ttl - 900, ttl);
      }
    });

    it('is given to a session without one', async () => {
      await redis.set(KEY, JSON.stringify(sampleSession()));
      await restore();
      expect(await redis.pttl(KEY)).to.be.within(TTL - 900, TTL);
    });

    const redisNow = async () => {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    };

    it('does not reach past the session’s absolute end', async () => {
      const ends_at = (await redisNow()) + 3_000;
      const found = JSON.stringify({ ...sampleSession(), ends_at });
      const { reply, pttl } = await restored(found);
      expect(reply?.[0]).to.equal(found);
      expect(reply?.[1]).to.be.within(2_000, 3_000);
      expect(pttl).to.be.within(2_000, 3_000);
    });

    it('is whole where the end is far away or has a fraction', async () => {
      for (const ends_at of [(await redisNow()) + 10 * TTL, (await redisNow()) + 10 * TTL + 0.5]) {
        const found = JSON.stringify({ ...sampleSession(), ends_at });
        const { reply, pttl } = await restored(found);
        expect(reply).to.deep.equal([found, TTL]);
        expect(pttl).to.be.within(TTL - 900, TTL);
      }
    });

    it('is over past the absolute end: the session is deleted', async () => {
      for (const ends_at of [(await redisNow()) - 1, 0, -5]) {
        const { reply, left } = await restored(JSON.stringify({ ...sampleSession(), ends_at }));
        expect(reply).to.deep.equal(['expired']);
        expect(left).to.equal(null);
      }
    });
  });

  describe('its verdicts', () => {
    it('is missing where there is nothing, and nothing is there afterwards', async () => {
      expect(await restore()).to.equal(null);
      expect(await redis.exists(KEY)).to.equal(0);
    });

    const sound = sampleSession();
    const without = (name: string) => JSON.stringify({ ...sound, [name]: undefined });
    const corrupt: Record<string, string> = {
      nothing: '',
      'white space': ' \n ',
      'no JSON': 'not json',
      'a number': '5',
      'a string': '"{}"',
      null: 'null',
      'an array': '[]',
      'an array of a session': `[${JSON.stringify(sound)}]`,
      'an empty object': '{}',
      'a truncated object': JSON.stringify(sound).slice(0, -1),
      'two objects': `${JSON.stringify(sound)}{}`,
      'a comma too many': JSON.stringify(sound).replace('}', ',}'),
      'a line break inside a string': JSON.stringify(sound).replace('User Name', 'User\nName'),
      'a NUL behind it': `${JSON.stringify(sound)}\0`,
      'a NUL behind it, and more': `${JSON.stringify({ ...sound, extra: 1 })} \0garbage{`,
      'a NUL inside a string': JSON.stringify(sound).replace('User Name', 'User\0Name'),
      'values in a thousand others': JSON.stringify(sound).replace(
        '}',
        `,"x":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
      ),
      'values in 200,000 others': JSON.stringify(sound).replace(
        '}',
        `,"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      ),
      'fields in an inner object only': `{"session": ${JSON.stringify(sound)}}`,
    };
    for (const name of ['user_id', 'email', 'rol', 'last_activity']) {
      corrupt[`no ${name}`] = without(name);
      for (const value of [null, true, [], {}, name === 'user_id' ? '1' : 1]) {
        corrupt[`${name} of ${JSON.stringify(value)}`] = JSON.stringify({ ...sound, [name]: value });
      }
      corrupt[`a sound ${name}, then another`] = JSON.stringify(sound).replace('}', `,"${name}":null}`);
    }
    const laxNumbers = [
      'NaN',
      '-nan',
      'Infinity',
      '-inf',
      '0x7b',
      '007',
      '-07',
      '00',
      '1.',
      '1.e5',
      '.5',
      '-.5',
      '+1',
    ];
    for (const number of laxNumbers) {
      corrupt[`a number such as ${number}`] = JSON.stringify(sound).replace('123', number);
      corrupt[`a number such as ${number} in a list`] = JSON.stringify({ ...sound, x: [0] }).replace(
        '[0]',
        `[1, ${number}]`,
      );
    }
    for (const id of ['1.5', '1e400', '-1e400', '9007199254740993']) {
      corrupt[`user_id of ${id}`] = JSON.stringify(sound).replace(/"user_id":\d+/, `"user_id":${id}`);
    }
    for (const ends of ['"2030-01-01"', 'true', '[]', '{}']) {
      corrupt[`ends_at of ${ends}`] = JSON.stringify(sound).replace('}', `,"ends_at":${ends}}`);
    }

    for (const [what, text] of Object.entries(corrupt)) {
      it(`is corrupt, and not slid, for ${what}`, async () => {
        const { reply, left, pttl } = await restored(text);
        expect(reply).to.deep.equal(['corrupt']);
        expect(left).to.equal(text);
        expect(pttl).to.be.within(1, 5_000);
        expect(parseWireSession(text), 'the verdict of lists').to.equal(undefined);
      });
    }

    it('is corrupt for other types of Redis, which stay as they are', async () => {
      const make = {
        list: () => redis.rpush(KEY, '{}'),
        hash: () => redis.hset(KEY, 'user_id', '1'),
        set: () => redis.sadd(KEY, '{}'),
        zset: () => redis.zadd(KEY, 1, '{}'),
        stream: () => redis.xadd(KEY, '*', 'user_id', '1'),
      };
      for (const [type, fill] of Object.entries(make)) {
        await redis.del(KEY);
        await fill();
        await redis.expire(KEY, 5);
        expect(await restore(), type).to.deep.equal(['corrupt']);
        expect(await redis.type(KEY)).to.equal(type);
        expect(await redis.pttl(KEY)).to.be.within(1, 5_000);
      }
    });

    it('is that of lists, for sessions with a typing error', async () => {
      const base = JSON.stringify({ ...sampleSession(), ends_at: null, x: [1.5, -2, { y: 'a\\"b' }] });
      const alphabet = [
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        ' ',
        '0',
        '1',
        '.',
        '-',
        '+',
        'e',
        'n',
        'x',
        '\n',
        '\t',
      ];
      const mistake = fc.record({
        at: fc.nat(base.length),
        removed: fc.nat(2),
        added: fc.array(fc.constantFrom(...alphabet), { maxLength: 2 }).map((added) => added.join('')),
      });
      await fc.assert(
        fc.asyncProperty(mistake, async ({ at, removed, added }) => {
          const text = base.slice(0, at) + added + base.slice(at + removed);
          const { reply, left } = await restored(text);
          expect(reply).to.deep.equal(parseWireSession(text) ? text : ['corrupt']);
          if (!parseWireSession(text)) expect(left).to.equal(text);
        }),
        { numRuns: 600 },
      );
    });
  });
});
