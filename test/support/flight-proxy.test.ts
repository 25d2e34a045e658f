import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { engines } from './engines.ts';
import { type FlightProxy, startProxy } from './flight-proxy.ts';

describe('the flight proxy before Redis', () => {
  let proxy: FlightProxy;
  let client: Redis;

  before(async () => {
    proxy = await startProxy(engines.redisUrl);
  });

  beforeEach(async () => {
    await proxy.reset();
    client = connect(proxy.url);
  });

  afterEach(() => client.disconnect());

  after(() => proxy.close());

  it('counts what is sent in one tick as one flight', async () => {
    await Promise.all([client.select(0), client.ping(), client.get('no-such-key')]);
    expect(proxy.flights).to.equal(1);
    expect(proxy.connections).to.equal(1);
  });

  it('counts a command that waited for a reply as a flight of its own', async () => {
    for (let flight = 1; flight <= 3; flight++) {
      await client.ping();
      expect(proxy.flights).to.equal(flight);
    }
  });

  it('counts one flight however the bytes are cut up and however large they are', async () => {
    const key = 'flight-proxy-test';
    await Promise.all([client.set(key, 'é'.repeat(300_000)), client.get(key), client.del(key)]);
    expect(proxy.flights).to.equal(1);
  });

  it('records the commands with their arguments', async () => {
    await Promise.all([client.eval('return {KEYS[1], {}, ARGV[1]}', 1, 'key', 'a b\r\n'), client.ping()]);
    expect(proxy.commands).to.deep.equal([
      ['eval', 'return {KEYS[1], {}, ARGV[1]}', '1', 'key', 'a b\r\n'],
      ['ping'],
    ]);
  });

  it('cuts at a message boundary', async () => {
    proxy.cutAfterReplies(1);
    const replies = await Promise.allSettled([client.echo('one'), client.echo('two')]);
    expect(replies.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('cuts in the midst of a reply', async () => {
    proxy.cutAfterReplyBytes('$3\r\none\r\n$3\r\nt'.length);
    const replies = await Promise.allSettled([client.echo('one'), client.echo('two')]);
    expect(replies.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('cuts between two commands of a flight, when the first has taken effect', async () => {
    const [first, second] = ['flight-proxy-first', 'flight-proxy-second'];
    proxy.cutAfterCommands(1);
    const replies = await Promise.allSettled([client.set(first, '1'), client.set(second, '2')]);
    expect(replies.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);

    const direct = connect(engines.redisUrl);
    expect(await direct.mget(first, second)).to.deep.equal(['1', null]);
    await direct.del(first);
    direct.disconnect();
  });

  it('cuts once, if asked, by a reset, an end or half an end', async () => {
    for (const ending of ['reset', 'close', 'half-close'] as const) {
      proxy.cutAfterReplies(0, { once: true, ending });
      const cut = connect(proxy.url);
      expect(await failure(cut.ping())).to.be.a('string');
      const next = connect(proxy.url);
      expect(await next.ping()).to.equal('PONG');
      cut.disconnect();
      next.disconnect();
    }
  });

  it('swallows everything as a black hole', async () => {
    proxy.blackhole();
    expect(await failure(client.ping())).to.match(/timed out/i);
    expect(proxy.commands).to.deep.equal([]);
  });

  it('refuses, and is back on the same port', async () => {
    await client.ping();
    await proxy.refuse();
    const refused = connect(proxy.url);
    expect(await failure(refused.ping())).to.be.a('string');
    refused.disconnect();

    await proxy.heal();
    const next = connect(proxy.url);
    expect(await next.ping()).to.equal('PONG');
    next.disconnect();
  });

  it('delays replies', async () => {
    proxy.delay(200);
    const start = performance.now();
    await client.ping();
    expect(performance.now() - start).to.be.within(190, 480);
  });

  it('lists what passed in both directions, and is interrupted behind any message of it', async () => {
    const both = () => Promise.allSettled([client.echo('one'), client.echo('two')]);
    await both();
    expect(proxy.messages.map(({ from, name }) => name || from)).to.deep.equal([
      'echo',
      'echo',
      'server',
      'server',
    ]);
    const answered: Record<string, number[]> = {};
    for (const next of ['resume', 'reset', 'tear', 'deafen'] as const) {
      answered[next] = [];
      for (let after = 0; after <= 4; after++) {
        await proxy.reset();
        client.disconnect();
        client = connect(proxy.url);
        let acts = 0;
        proxy.interruptAfter(after, { act: () => (acts += 1), next });
        const replies = await both();
        answered[next].push(replies.filter(({ status }) => status === 'fulfilled').length);
        // Behind the last one it comes when the client has what it asked for.
        if (after < 4) expect(acts).to.equal(1);
      }
    }
    expect(answered).to.deep.equal({
      resume: [2, 2, 2, 2, 2],
      reset: [0, 0, 0, 1, 2],
      tear: [0, 0, 0, 1, 2],
      deafen: [0, 0, 0, 1, 2],
    });
  });

  it('answers in the server’s stead', async () => {
    proxy.answer('get', '-LOADING Redis is loading the dataset in memory');
    const replies = await Promise.allSettled([client.echo('one'), client.get('key'), client.echo('two')]);
    expect(
      replies.map((reply) => (reply.status === 'fulfilled' ? reply.value : reply.reason.message)),
    ).to.deep.equal(['one', 'LOADING Redis is loading the dataset in memory', 'two']);
  });
});

describe('the flight proxy before PostgreSQL', () => {
  let proxy: FlightProxy;

  before(async () => {
    proxy = await startProxy(engines.databaseUrl);
  });

  after(() => proxy.close());

  it('passes queries and records them', async () => {
    const client = new Client({ connectionString: proxy.url });
    await client.connect();
    expect((await client.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }]);
    await client.end();
    expect(proxy.commands[0]).to.deep.equal(['startup']);
    expect(proxy.commands).to.deep.include(['Q', 'SELECT 1 AS one']);
  });

  it('reads past the question for encryption', async () => {
    await proxy.reset();
    const client = new Client({ connectionString: `${proxy.url}?sslmode=no-verify` });
    expect(await failure(client.connect())).to.match(/SSL/);
    expect(proxy.commands).to.deep.equal([['encryption?']]);
  });

  it('cuts at a message boundary', async () => {
    // A query's four: description, row, command complete, ready for the next.
    for (const replies of [0, 1, 2, 3]) {
      await proxy.reset();
      const cut = new Client({ connectionString: proxy.url });
      cut.on('error', () => {});
      await cut.connect();
      proxy.cutAfterReplies(replies);
      expect(await failure(cut.query('SELECT 1'))).to.match(/ECONNRESET|terminated/);
    }
  });
});

function connect(url: string): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    commandTimeout: 500,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  return client;
}

async function failure(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error.message,
  );
}
