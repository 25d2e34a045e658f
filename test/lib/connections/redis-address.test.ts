import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type RedisServerAddress,
  redisAddress,
  redisServerName,
} from '../../../src/lib/connections/redis-address.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { failureOf } from '../../support/failure-of.ts';
import { settingsOf } from '../../support/settings-of.ts';

const plain = { port: 6379, db: 0, tls: false, tlsCa: undefined, username: undefined, password: undefined };

describe('the address of Redis', () => {
  const read = (environment: Record<string, string>) => redisAddress(settingsOf(environment));

  it('is none where nothing names a server', () => {
    expect(read({})).to.equal(undefined);
    expect(read({ REDIS_PASSWORD: 'word' })).to.equal(undefined);
  });

  const urls: Record<string, object> = {
    'redis://cache': { host: 'cache' },
    'redis://cache/': { host: 'cache' },
    'redis://Cache.Example.COM:6380/3': { host: 'cache.example.com', port: 6380, db: 3 },
    'redis://10.0.0.1:1': { host: '10.0.0.1', port: 1 },
    'redis://[::1]:6380/15': { host: '::1', port: 6380, db: 15 },
    'redis://[2001:DB8::1]': { host: '2001:db8::1' },
    'rediss://cache/2': { host: 'cache', db: 2, tls: true },
    'REDIS://cache': { host: 'cache' },
    'redis://:word@cache': { host: 'cache', password: 'word' },
    'redis://ana:word@cache': { host: 'cache', username: 'ana', password: 'word' },
    'redis://ana@cache': { host: 'cache', username: 'ana' },
    'redis://a%40b:p%2Fw%3F%23%25%3A%20%C3%B1@cache': {
      host: 'cache',
      username: 'a@b',
      password: 'p/w?#%: ñ',
    },
    'redis://:@cache': { host: 'cache' },
  };
  for (const [url, address] of Object.entries(urls)) {
    it(`is read from ${url}`, () => {
      expect(read({ REDIS_URL: url })).to.deep.equal({ ...plain, ...address });
    });
  }

  for (const url of [
    'cache',
    'cache:6379',
    'localhost:6379/0',
    'http://cache',
    'redis:cache',
    'redis://',
    'redis:///1',
    'redis://cache:0',
    'redis://cache:65536',
    'redis://cache:port',
    'redis://cache/x',
    'redis://cache/-1',
    'redis://cache/1/2',
    'redis://cache/1.5',
    'redis://cache/12345678',
    'redis://a,b',
    'redis://cache?db=3',
    'redis://:pa%ss@cache',
    'redis://secret#word@cache',
    'redis://secret?word@cache',
    'redis://a b',
  ]) {
    it(`is refused from ${url}, which is not repeated`, async () => {
      const failure = await failureOf(() => read({ REDIS_URL: url }));
      expect([failure.reason, failure.exitCode]).to.deep.equal(['invalid_setting', 78]);
      expect(failure.params).to.deep.equal({ setting: 'REDIS_URL', problem: 'not_a_redis_url' });
      expect(failure.cause).to.equal(undefined);
    });
  }

  it('takes credentials that the URL lacks from variables of their own', () => {
    const variables = { REDIS_USERNAME: 'ana', REDIS_PASSWORD: 'p@ss/word' };
    expect(read({ REDIS_URL: 'redis://cache', ...variables })).to.include({
      username: 'ana',
      password: 'p@ss/word',
    });
    expect(read({ REDIS_URL: 'redis://bob@cache', ...variables })).to.include({
      username: 'bob',
      password: 'p@ss/word',
    });
    expect(read({ REDIS_URL: 'redis://bob:x@cache', ...variables })).to.include({
      username: 'bob',
      password: 'x',
    });
    expect(read({ REDIS_HOST: 'cache', ...variables })).to.include({
      username: 'ana',
      password: 'p@ss/word',
    });
  });

  it('is read from host and port where there is no URL, and from the URL where there is', () => {
    expect(read({ REDIS_HOST: 'Cache' })).to.deep.equal({ ...plain, host: 'cache' });
    expect(read({ REDIS_PORT: '6380' })).to.deep.equal({ ...plain, host: 'localhost', port: 6380 });
    expect(read({ REDIS_HOST: '::1', REDIS_DB: '4' })).to.deep.equal({ ...plain, host: '::1', db: 4 });
    expect(read({ REDIS_HOST: '[::1]' })).to.deep.equal({ ...plain, host: '::1' });
    expect(read({ REDIS_URL: 'redis://a', REDIS_HOST: 'b', REDIS_PORT: '1' })).to.deep.equal({
      ...plain,
      host: 'a',
    });
  });

  it('knows the private authority for TLS', () => {
    expect(read({ REDIS_URL: 'rediss://cache', REDIS_TLS_CA: '/ca.pem' })).to.include({
      tls: true,
      tlsCa: '/ca.pem',
    });
  });

  const faults: [string, Record<string, string>, object][] = [
    ['a URL as a host', { REDIS_HOST: 'redis://cache' }, { setting: 'REDIS_HOST', problem: 'not_a_host' }],
    ['a port in the host', { REDIS_HOST: 'cache:6380' }, { setting: 'REDIS_HOST', problem: 'not_a_host' }],
    ['two hosts', { REDIS_HOST: 'a,b' }, { setting: 'REDIS_HOST', problem: 'not_a_host' }],
    ['a port that is none', { REDIS_PORT: '0' }, { setting: 'REDIS_PORT' }],
    [
      'a user without a server',
      { REDIS_USERNAME: 'ana' },
      { setting: 'REDIS_USERNAME', problem: 'names_no_server' },
    ],
    ['an authority without a server', { REDIS_TLS_CA: '/x' }, { setting: 'REDIS_TLS_CA' }],
    ['a master without sentinels', { REDIS_MASTER_NAME: 'm' }, { setting: 'REDIS_MASTER_NAME' }],
  ];
  for (const [what, environment, params] of faults) {
    it(`is refused for ${what}`, async () => {
      const failure = await failureOf(() => read(environment));
      expect([failure.reason, failure.exitCode]).to.deep.equal(['invalid_setting', 78]);
      expect(failure.params).to.include(params);
    });
  }

  it('is one of URL, cluster and sentinels', async () => {
    const kinds = { REDIS_URL: 'redis://a', REDIS_CLUSTER: 'b:1', REDIS_SENTINELS: 'c:1' };
    const names = Object.keys(kinds) as (keyof typeof kinds)[];
    for (const left of names) {
      const two = Object.fromEntries(Object.entries(kinds).filter(([name]) => name !== left));
      const { reason, exitCode, params } = await failureOf(() => read(two));
      expect([reason, exitCode]).to.deep.equal(['conflicting_settings', 78]);
      expect(String(params.settings).split(', ')).to.have.members(Object.keys(two));
    }
    expect((await failureOf(() => read(kinds))).params.settings).to.equal(names.join(', '));
  });

  describe('of a cluster or of sentinels', () => {
    const nodes: Record<string, [host: string, port: number][]> = {
      'a:1,b:2': [
        ['a', 1],
        ['b', 2],
      ],
      'Cache.Example.COM': [['cache.example.com', 6379]],
      ' a:1 , b ': [
        ['a', 1],
        ['b', 6379],
      ],
      '10.0.0.1:7000,[::1]:7001,[2001:DB8::1]': [
        ['10.0.0.1', 7000],
        ['::1', 7001],
        ['2001:db8::1', 6379],
      ],
      'redis://a:1/': [['a', 1]],
    };
    for (const [text, expected] of Object.entries(nodes)) {
      it(`is read from ${text}`, () => {
        expect(read({ REDIS_CLUSTER: text })).to.deep.equal({
          cluster: expected.map(([host, port]) => ({ host, port })),
          tls: false,
          tlsCa: undefined,
          username: undefined,
          password: undefined,
        });
      });
    }

    const malformed = [
      'a:1,',
      ',',
      'a:0',
      'a:65536',
      'a:b',
      'a b',
      '[::1',
      '[a]:1',
      '::1',
      'a/1',
      'http://a',
    ];
    for (const text of [...malformed, 'ana:secret@a:1', 'rediss://:secret@a', 'a?secret', 'a#secret']) {
      it(`is refused from ${text}, which is not repeated`, async () => {
        for (const setting of ['REDIS_CLUSTER', 'REDIS_SENTINELS']) {
          const failure = await failureOf(() => read({ [setting]: text }));
          expect(failure.params).to.deep.equal({ setting, problem: 'not_a_node_list' });
          expect([failure.reason, failure.exitCode, failure.cause]).to.deep.equal([
            'invalid_setting',
            78,
            undefined,
          ]);
        }
      });
    }

    it('means TLS by its scheme, or by an authority where there is none', async () => {
      const isTls = (text: string, ca?: string) =>
        read({ REDIS_CLUSTER: text, ...(ca ? { REDIS_TLS_CA: ca } : {}) })?.tls;
      expect(isTls('rediss://a:1,REDISS://b')).to.equal(true);
      expect(isTls('a:1,b:2', '/ca.pem')).to.equal(true);
      expect(isTls('redis://a', '/ca.pem')).to.equal(false);
      const mixed = await failureOf(() => isTls('rediss://a,b'));
      expect(mixed.params).to.deep.equal({ setting: 'REDIS_CLUSTER', problem: 'mixed_schemes' });
    });

    it('takes credentials, the name of the primary and the database from variables of their own', () => {
      const variables = { REDIS_USERNAME: 'ana', REDIS_PASSWORD: 'p@ss/word' };
      expect(read({ REDIS_CLUSTER: 'a', REDIS_DB: '0', ...variables })).to.include({
        username: 'ana',
        password: 'p@ss/word',
      });
      const sentinels = { REDIS_SENTINELS: 'a,b:1', REDIS_MASTER_NAME: 'Main.1', REDIS_DB: '3' };
      expect(read({ ...sentinels, ...variables })).to.deep.equal({
        sentinels: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 1 },
        ],
        masterName: 'Main.1',
        db: 3,
        tls: false,
        tlsCa: undefined,
        username: 'ana',
        password: 'p@ss/word',
      });
    });

    const mistakes: [Record<string, string>, setting: string, problem: string][] = [
      [{ REDIS_CLUSTER: 'a', REDIS_DB: '1' }, 'REDIS_DB', 'cluster_has_one_database'],
      [{ REDIS_SENTINELS: 'a' }, 'REDIS_SENTINELS', 'names_no_master'],
      [{ REDIS_SENTINELS: 'a', REDIS_MASTER_NAME: 'a b' }, 'REDIS_MASTER_NAME', 'not_a_master_name'],
      [{ REDIS_MASTER_NAME: 'main' }, 'REDIS_MASTER_NAME', 'names_no_sentinels'],
      [{ REDIS_URL: 'redis://a', REDIS_MASTER_NAME: 'main' }, 'REDIS_MASTER_NAME', 'names_no_sentinels'],
      [{ REDIS_CLUSTER: 'a', REDIS_MASTER_NAME: 'main' }, 'REDIS_MASTER_NAME', 'names_no_sentinels'],
    ];
    for (const [environment, setting, problem] of mistakes) {
      it(`is refused for ${JSON.stringify(environment)}: ${problem}`, async () => {
        const failure = await failureOf(() => read(environment));
        expect([failure.reason, failure.exitCode]).to.deep.equal(['invalid_setting', 78]);
        expect(failure.params).to.deep.equal({ setting, problem });
      });
    }
  });

  it('fails with our own error or not at all, and never with a part of the value', () => {
    const secret = 'hunter2hunter2';
    const piece = fc.oneof(
      fc.constantFrom(
        'redis://',
        'rediss://',
        ':',
        '@',
        '/',
        '[',
        ']',
        '?',
        '#',
        '%',
        '%zz',
        ',',
        secret,
        'cache',
        '6379',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        if (text === '') return;
        try {
          const address = read({ REDIS_URL: text });
          const { host, port } = address as RedisServerAddress;
          expect(host).to.not.equal('');
          expect(port).to.be.within(1, 65_535);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.reason).to.equal('invalid_setting');
          expect(inspect({ ...error, message: error.message })).not.to.include(secret);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the name of a Redis in the token file', () => {
  const names: Record<string, string> = {
    'redis://Cache': 'redis://cache:6379/0',
    'rediss://CACHE:6380/2': 'rediss://cache:6380/2',
    'redis://ana:word@cache/1': 'redis://cache:6379/1',
    'redis://[2001:DB8::1]:7/3': 'redis://[2001:db8::1]:7/3',
  };
  for (const [url, name] of Object.entries(names)) {
    it(`is ${name} for ${url}`, () => {
      const address = redisAddress(settingsOf({ REDIS_URL: url }));
      expect(address && redisServerName(address)).to.equal(name);
    });
  }

  it('has the nodes of a cluster or sentinels once each, sorted, in lower case', () => {
    const nameOf = (environment: Record<string, string>) => {
      const address = redisAddress(settingsOf(environment));
      return address && redisServerName(address);
    };
    expect(nameOf({ REDIS_CLUSTER: 'B:2,a', REDIS_PASSWORD: 'word' })).to.equal('redis-cluster://a:6379,b:2');
    expect(nameOf({ REDIS_CLUSTER: 'rediss://[::1]:7,rediss://B:2,rediss://b:2' })).to.equal(
      'redis-cluster://[::1]:7,b:2',
    );
    expect(nameOf({ REDIS_SENTINELS: 'S2,s1:5', REDIS_MASTER_NAME: 'Main' })).to.equal(
      'redis-sentinel://main@s1:5,s2:26379',
    );
  });

  it('is the same however the server was configured', () => {
    const address = redisAddress(settingsOf({ REDIS_HOST: 'Cache', REDIS_PORT: '6380' }));
    expect(address && redisServerName(address)).to.equal('redis://cache:6380/0');
  });
});
