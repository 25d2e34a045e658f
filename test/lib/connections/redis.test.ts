import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { LOGIN_LIMITS, LoginLimiter } from '../../../src/lib/auth/login-limiter.ts';
import { RedisLoginCounters } from '../../../src/lib/auth/redis-login-counters.ts';
import { RedisConnection, type RedisTarget } from '../../../src/lib/connections/redis.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { SessionStore } from '../../../src/lib/session/session-store.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { makeCertificates } from '../../support/certificates.ts';
import type { EngineProcess } from '../../support/engines/engine-process.ts';
import { engines } from '../../support/engines.ts';
import { failureOf } from '../../support/failure-of.ts';
import { type FlightProxy, startProxy } from '../../support/flight-proxy.ts';
import { sampleSession } from '../../support/sample-session.ts';
import { addressOf, plainClient } from '../../support/session-backend.ts';

const PASSWORD = 'correct-horse-battery';
const TOKEN = newToken();

/** What a failure tells: class, exit code, and the one word that says more. */
const told = ({ reason, exitCode, params }: AppError) => `${reason} ${exitCode} ${params.detail}`;

describe('a connection to Redis', () => {
  const opened: RedisConnection[] = [];

  function open(target: RedisTarget | string): RedisConnection {
    const connection = new RedisConnection(typeof target === 'string' ? addressOf(target) : target);
    opened.push(connection);
    return connection;
  }

  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
  });

  /** The failure of a whole restore, which carries no secret whatever it is. */
  async function failureAt(target: RedisTarget | string): Promise<AppError> {
    const store = new SessionStore(open(target));
    const begin = performance.now();
    const failure = await failureOf(
      store.restore({ token: TOKEN, mark: markOf(TOKEN), userId: 1 }, 90, new Date()),
    );
    expect(performance.now() - begin, 'milliseconds').to.be.below(2_000);
    expectNoSecret(failure);
    return failure;
  }

  describe('a flight', () => {
    it('returns the replies in order, on one connection, time after time', async () => {
      const connection = open(engines.redisUrl);
      const one = await connection.flight<[string, string]>((redis) => [redis.echo('a'), redis.echo('b')]);
      expect(one).to.deep.equal(['a', 'b']);
      const ids = await Promise.all(
        [1, 2, 3].map(() => connection.flight<[number]>((redis) => [redis.client('ID')])),
      );
      expect(new Set(ids.flat()).size).to.equal(1);
    });

    it('may be empty', async () => {
      expect(await open(engines.redisUrl).flight<[]>(() => [])).to.deep.equal([]);
    });

    it('selects the database that is configured', async () => {
      const direct = plainClient(engines.redisUrlForDb(7));
      await direct.set('redis-test', 'seven', 'EX', 5);
      direct.disconnect();
      const get = (redis: Redis) => [redis.get('redis-test')] as const;
      expect(await open(engines.redisUrlForDb(7)).flight<[string | null]>(get)).to.deep.equal(['seven']);
      expect(await open(engines.redisUrlForDb(6)).flight<[string | null]>(get)).to.deep.equal([null]);
    });

    it('fails as a whole with the first command that fails, and the connection goes on', async () => {
      const connection = open(engines.redisUrl);
      const failure = await failureOf(
        connection.flight((redis) => [redis.ping(), redis.call('NO-SUCH'), redis.call('GET')]),
      );
      expect(told(failure)).to.equal('refusing_work 69 ERR');
      expect(await connection.flight<[string]>((redis) => [redis.ping()])).to.deep.equal(['PONG']);
    });

    it('leaves nothing that keeps the process alive', async () => {
      const connection = open(engines.redisUrl);
      await connection.flight((redis) => [redis.ping()]);
      connection.close();
      connection.close();
      expect(told(await failureOf(connection.flight((redis) => [redis.ping()])))).to.match(
        /^unreachable 69 /,
      );
    });
  });

  describe('to a server that cannot be reached', () => {
    let proxy: FlightProxy;

    before(async () => {
      proxy = await startProxy(engines.redisUrl);
    });

    beforeEach(() => proxy.reset());

    after(() => proxy.close());

    it('is refused', async () => {
      await proxy.refuse();
      expect(told(await failureAt(proxy.url))).to.equal('unreachable 69 ECONNREFUSED');
    });

    it('is not answered', async () => {
      proxy.blackhole();
      expect(told(await failureAt(proxy.url))).to.equal('unreachable 69 ETIMEDOUT');
    });

    it('is not answered in time', async () => {
      proxy.delay(1_700);
      expect(told(await failureAt(proxy.url))).to.equal('unreachable 69 ETIMEDOUT');
    });

    it('is not even accepted', async () => {
      // A full backlog: the kernel takes no more connections, and does not say so.
      const full = createServer();
      await new Promise<void>((resolve) => full.listen({ port: 0, host: '127.0.0.1', backlog: 0 }, resolve));
      const { port } = full.address() as AddressInfo;
      full.on('connection', (socket) => socket.pause());
      expect(told(await failureAt(`redis://127.0.0.1:${port}`))).to.equal('unreachable 69 ETIMEDOUT');
      full.close();
    });

    it('is cut before the first reply, in the midst of one, and between two', async () => {
      for (const bytes of [0, 3, 9]) {
        for (const ending of ['reset', 'close', 'half-close'] as const) {
          await proxy.reset();
          proxy.cutAfterReplyBytes(bytes, { ending });
          const failure = await failureAt(proxy.url);
          expect(failure.reason, `${ending} after ${bytes} bytes`).to.equal('unreachable');
          expect(failure.exitCode).to.equal(69);
        }
      }
    });

    it('has a name that nobody knows', async () => {
      const failure = await failureAt('redis://no-such-host.invalid:6379');
      expect(failure.reason).to.equal('unreachable');
      expect(failure.params.detail).to.match(/^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/);
    });

    it('has a socket that is not there', async () => {
      expect(told(await failureAt({ socket: join(tmpdir(), 'no-such.sock') }))).to.equal(
        'unreachable 69 ENOENT',
      );
    });

    it('is frozen, and answers again afterwards', async function () {
      this.timeout(30_000);
      const redis = await engines.ownRedis();
      try {
        await redis.freeze();
        expect(told(await failureAt(redis.url))).to.equal('unreachable 69 ETIMEDOUT');
        await redis.thaw();
        expect(await open(redis.url).flight<[string]>((client) => [client.ping()])).to.deep.equal(['PONG']);
        const connection = open(redis.url);
        await connection.flight((client) => [client.ping()]);
        await redis.kill();
        expect((await failureOf(connection.flight((client) => [client.ping()]))).reason).to.equal(
          'unreachable',
        );
      } finally {
        await redis.dispose();
      }
    });

    const replies: Record<string, string> = {
      '-LOADING Redis is loading the dataset in memory': 'unreachable 69 LOADING',
      "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.":
        'refusing_work 69 MISCONF',
      '-CLUSTERDOWN The cluster is down': 'refusing_work 69 CLUSTERDOWN',
      '-MASTERDOWN Link with MASTER is down': 'refusing_work 69 MASTERDOWN',
      '-BUSY Redis is busy running a script.': 'refusing_work 69 BUSY',
      '-NOREPLICAS Not enough good replicas to write.': 'refusing_work 69 NOREPLICAS',
      '-READONLY You can’t write against a read only replica.': 'refusing_work 69 READONLY',
      '-OOM command not allowed when used memory > ‘maxmemory’.': 'refusing_work 69 OOM',
      '-ERR Error running script (call to f_0a1b): @user_script:80: @user_script: 80: -OOM command not allowed when used memory':
        'refusing_work 69 OOM',
      '-ERR Error running script (call to f_0a1b): @user_script:80: @user_script: 80: -READONLY You can’t write':
        'refusing_work 69 READONLY',
      '-ERR max number of clients reached': 'refusing_work 69 ERR',
      '-MOVED 3999 10.0.0.1:6381': 'misconfigured 78 MOVED',
      '-ASK 3999 10.0.0.1:6381': 'misconfigured 78 ASK',
      '-NOAUTH Authentication required.': 'misconfigured 78 NOAUTH',
      '-NOPERM this user has no permissions': 'misconfigured 78 NOPERM',
      "-ERR ACL failure in script: User bob has no permissions to run the 'get' command":
        'misconfigured 78 NOPERM',
      "-ERR The user executing the script can't run this command or subcommand": 'misconfigured 78 NOPERM',
    };
    for (const [reply, expected] of Object.entries(replies)) {
      it(`answers a restore with ${reply.slice(0, 50)}: ${expected}`, async () => {
        proxy.answer('EVAL', reply);
        expect(told(await failureAt(proxy.url))).to.equal(expected);
      });
    }
  });

  describe('to a server that has something against us', () => {
    let redis: EngineProcess;
    let proxy: FlightProxy;

    before(async () => {
      redis = await engines.ownRedis({
        password: PASSWORD,
        users: [
          'reader on >word ~session:* +eval',
          'elsewhere on >word ~other:* +@all',
          'off off >word ~* +@all',
        ],
      });
      proxy = await startProxy(redis.url);
    });

    beforeEach(() => proxy.reset());

    after(async () => {
      await proxy?.close();
      await redis?.dispose();
    });

    const withUser = (user: string, url = redis.url) => url.replace('//', `//${user}@`);
    const ask = (command: string, ...words: string[]) =>
      open(withUser(`:${PASSWORD}`)).flight((client) => [client.call(command, ...words)]);

    it('works with the password, alone or with the default user’s name', async () => {
      for (const user of [`:${PASSWORD}`, `default:${PASSWORD}`]) {
        expect(await open(withUser(user)).flight<[string]>((client) => [client.ping()])).to.deep.equal([
          'PONG',
        ]);
      }
    });

    const cases: Record<string, string> = {
      '': 'misconfigured 78 NOAUTH',
      ':wrong@': 'misconfigured 78 WRONGPASS',
      'nobody:wrong@': 'misconfigured 78 WRONGPASS',
      'off:word@': 'misconfigured 78 WRONGPASS',
      'reader:word@': 'misconfigured 78 NOPERM',
      'elsewhere:word@': 'misconfigured 78 NOPERM',
    };
    for (const [user, expected] of Object.entries(cases)) {
      it(`fails as "${user}": ${expected}`, async () => {
        expect(told(await failureAt(redis.url.replace('//', `//${user}`)))).to.equal(expected);
      });
    }

    it('fails where the script’s own commands are not allowed', async () => {
      await ask('ACL', 'SETUSER', 'scripter', 'on', '>word', '~*', '+eval', '+exists', '+sismember', '+ttl');
      expect(told(await failureAt(withUser('scripter:word')))).to.equal('misconfigured 78 NOPERM');
      await ask('ACL', 'SETUSER', 'scripter', '+get');
      const key = `session:${TOKEN}`;
      await ask('SET', key, JSON.stringify(sampleSession()), 'EX', '60');
      expect(told(await failureAt(withUser('scripter:word')))).to.equal('misconfigured 78 NOPERM');
      await ask('DEL', key);
    });

    it('works with no more rights than the keys and commands that we use', async () => {
      const commands =
        '+eval +get +set +setrange +del +exists +incrby +expire +pexpire +sadd +srem +sismember +smembers +srandmember +ttl +pttl +persist +time';
      const keys = '~session:* ~user:*:sessions ~airbnb:revoked:* ~airbnb:login:*';
      await ask('ACL', 'SETUSER', 'least', ...`on >word ${keys} ${commands}`.split(' '));
      const store = new SessionStore(open(withUser('least:word')));
      const [token, wire] = [newToken(), sampleSession()];
      await store.start(token, wire, 90_000);
      expect(await store.restore({ token, mark: markOf(token) }, 90, new Date())).to.have.property('session');
      expect((await store.list(wire.user_id)).sessions).to.have.length(1);
      expect(await store.end([token], wire.user_id)).to.equal(1);
      const limiter = new LoginLimiter({
        counters: new RedisLoginCounters(open(withUser('least:word'))),
        otherAddress: async () => null,
        limits: { ...LOGIN_LIMITS, pair: { attempts: 1, memory: 60 } },
      });
      const attempt = (test: () => Promise<unknown>) => limiter.attempt(wire.email, test);
      expect(await attempt(async () => 'right')).to.equal('right');
      const wrong = () => Promise.reject(new AppError('wrong_credentials'));
      expect((await failureOf(attempt(wrong))).reason).to.equal('wrong_credentials');
      expect((await failureOf(attempt(wrong))).reason).to.equal('too_many_attempts');
      // It may ask neither for our address nor for the version.
      expect(await store.facts()).to.include({ address: null, redisVersion: undefined });
    });

    it('fails with the AUTH that failed, whatever came after it', async () => {
      proxy.answer('EVAL', '-LOADING Redis is loading the dataset in memory');
      expect(told(await failureAt(withUser(':wrong', proxy.url)))).to.equal('misconfigured 78 WRONGPASS');
      proxy.answer('AUTH', '-LOADING Redis is loading the dataset in memory');
      expect(told(await failureAt(withUser(`:${PASSWORD}`, proxy.url)))).to.equal('unreachable 69 LOADING');
    });

    it('fails where it is given a password that it has none of', async () => {
      proxy.answer(
        'AUTH',
        '-ERR AUTH <password> called without any password configured for the default user. Are you sure?',
      );
      expect(told(await failureAt(withUser(`:${PASSWORD}`, proxy.url)))).to.equal('misconfigured 78 ERR');
    });

    it('fails with a database that it does not have', async () => {
      expect(told(await failureAt(`${withUser(`:${PASSWORD}`)}/9999`))).to.equal('misconfigured 78 ERR');
    });

    it('fails where it has no room for one more client, with a password and without', async () => {
      const only = open(withUser(`:${PASSWORD}`));
      await only.flight((client) => [client.config('SET', 'maxclients', '1')]);
      try {
        for (const user of ['', `:${PASSWORD}@`]) {
          // It hangs up at once, so its reply is not always read; 69 it is in any case.
          const failure = await failureAt(redis.url.replace('//', `//${user}`));
          expect(failure.exitCode).to.equal(69);
        }
      } finally {
        await only.flight((client) => [client.config('SET', 'maxclients', '1000')]);
      }
      proxy.answer('AUTH', '-ERR max number of clients reached');
      expect(told(await failureAt(withUser(`:${PASSWORD}`, proxy.url)))).to.equal('refusing_work 69 ERR');
    });

    it('fails where its memory is full', async () => {
      const key = `session:${TOKEN}`;
      await ask('SET', key, JSON.stringify(sampleSession()), 'EX', '60');
      await ask('CONFIG', 'SET', 'maxmemory', '1');
      try {
        expect(told(await failureAt(withUser(`:${PASSWORD}`)))).to.equal('refusing_work 69 OOM');
        const store = new SessionStore(open(withUser(`:${PASSWORD}`)));
        expect(told(await failureOf(store.start(newToken(), sampleSession(), 1_000)))).to.equal(
          'refusing_work 69 OOM',
        );
      } finally {
        await ask('CONFIG', 'SET', 'maxmemory', '0');
        await ask('DEL', key);
      }
    });
  });

  it('fails where it is a replica that takes no writes', async () => {
    const [primary, replica] = await Promise.all([engines.ownRedis(), engines.ownRedis()]);
    const direct = plainClient(replica.url);
    try {
      await direct.set(`session:${TOKEN}`, JSON.stringify(sampleSession()));
      try {
        await direct.replicaof('127.0.0.1', primary.port);
      } catch (error) {
        // The engine in WebAssembly cannot follow another.
        expect((error as Error).message).to.match(/^ERR/);
        return;
      }
      const failure = await failureAt(replica.url);
      expect(failure.reason).to.equal('refusing_work');
      expect(failure.params.detail).to.match(/^(READONLY|MASTERDOWN)$/);
    } finally {
      direct.disconnect();
      await Promise.all([primary.dispose(), replica.dispose()]);
    }
  });

  describe('to what is no Redis', () => {
    async function serving(server: Server, check: (port: number) => Promise<void>): Promise<void> {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        await check((server.address() as AddressInfo).port);
      } finally {
        server.close();
      }
    }

    it('is a web server', async () => {
      const web = createHttpServer((_, response) => response.end('hello'));
      await serving(web, async (port) => {
        expect(told(await failureAt(`redis://127.0.0.1:${port}`))).to.equal('misconfigured 78 PROTOCOL');
      });
    });

    it('is a server that speaks first', async () => {
      const ssh = createServer((socket) => {
        socket.on('error', () => {});
        socket.write('SSH-2.0-OpenSSH_9.2\r\n');
      });
      await serving(ssh, async (port) => {
        expect(told(await failureAt(`redis://127.0.0.1:${port}`))).to.equal('misconfigured 78 PROTOCOL');
      });
    });

    it('is a server that refuses us and is silent then: what it said counts', async () => {
      for (const [code, expected] of Object.entries({
        WRONGPASS: 'misconfigured 78 WRONGPASS',
        OOM: 'refusing_work 69 OOM',
      })) {
        const grudging = createServer((socket) => {
          socket.on('error', () => {});
          socket.once('data', () => socket.write(`-${code} and no word more\r\n`));
        });
        await serving(grudging, async (port) => {
          expect(told(await failureAt(`redis://somebody:word@127.0.0.1:${port}`))).to.equal(expected);
        });
      }
    });

    it('is a server that knows the protocol and nothing else', async () => {
      for (const reply of ['+OK', '*0', ':1']) {
        const parrot = createServer((socket) => {
          socket.on('error', () => {});
          socket.on('data', (data) => {
            const commands = data.toString().match(/^\*/gm)?.length ?? 0;
            socket.write(`${reply}\r\n`.repeat(commands));
          });
        });
        await serving(parrot, async (port) => {
          const facts = new SessionStore(open(`redis://127.0.0.1:${port}`)).facts();
          expect(told(await failureOf(facts))).to.equal('misconfigured 78 PROTOCOL');
        });
      }
    });

    it('is a server that hangs up', async () => {
      const rude = createServer((socket) => {
        socket.on('error', () => {});
        socket.end();
      });
      await serving(rude, async (port) => {
        expect((await failureAt(`redis://127.0.0.1:${port}`)).reason).to.equal('unreachable');
      });
    });

    it('is PostgreSQL', async () => {
      const port = new URL(engines.databaseUrl).port;
      expect((await failureAt(`redis://127.0.0.1:${port}`)).reason).to.be.oneOf([
        'unreachable',
        'misconfigured',
      ]);
    });
  });

  describe('by TLS', () => {
    let folder: string;
    let server: Server;
    let port: number;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'airbnb-tls-'));
      makeCertificates(folder);
      const pem = (name: string) => readFileSync(join(folder, name));
      server = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') }, (client) => {
        const { hostname, port: redisPort } = new URL(engines.redisUrl);
        const redis = connect(Number(redisPort), hostname);
        for (const socket of [client, redis]) socket.on('error', () => {});
        client.pipe(redis).pipe(client);
      });
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    });

    after(() => {
      server?.close();
      rmSync(folder, { recursive: true });
    });

    const address = (host: string, ca?: string): RedisTarget => ({
      ...addressOf(`rediss://${host}:${port}/2`),
      ...(ca ? { tlsCa: join(folder, ca) } : {}),
    });

    it('works with the certificate authority that is configured, by name and by address', async () => {
      for (const host of ['localhost', '127.0.0.1']) {
        const ping = open(address(host, 'ca.pem')).flight<[string]>((redis) => [redis.ping()]);
        expect(await ping).to.deep.equal(['PONG']);
      }
    });

    it('does not trust an unknown authority, or a certificate for another name', async () => {
      expect(told(await failureAt(address('localhost')))).to.match(
        /^misconfigured 78 (SELF_SIGNED|UNABLE_TO)/,
      );
      expect((await failureAt(address('localhost', 'other-ca.pem'))).reason).to.equal('misconfigured');
      expect(told(await failureAt(address('[::ffff:127.0.0.1]', 'ca.pem')))).to.equal(
        'misconfigured 78 ERR_TLS_CERT_ALTNAME_INVALID',
      );
    });

    it('needs an authority that can be read and is one', async () => {
      const failure = await failureAt(address('localhost', 'no-such.pem'));
      expect(failure.reason).to.equal('invalid_setting');
      expect(failure.params).to.deep.equal({ setting: 'REDIS_TLS_CA', problem: 'unreadable_file' });
      writeFileSync(join(folder, 'garbage.pem'), 'no certificate');
      expect((await failureAt(address('localhost', 'garbage.pem'))).exitCode).to.equal(78);
    });

    it('is not what a plain server speaks, nor plain what a TLS server speaks', async () => {
      const plain = engines.redisUrl.replace('redis:', 'rediss:');
      expect((await failureAt(plain)).exitCode).to.be.oneOf([69, 78]);
      expect((await failureAt(`redis://127.0.0.1:${port}`)).exitCode).to.be.oneOf([69, 78]);
    });
  });
});

/** Nothing in an error, however deep, may be a token, a password or the command that held it. */
function expectNoSecret(failure: AppError): void {
  const everything =
    inspect(failure, { depth: 10, showHidden: true }) + failure.stack + JSON.stringify(failure);
  for (const secret of [TOKEN, markOf(TOKEN), PASSWORD, 'wrong', 'session:', 'EVAL', 'redis.call']) {
    expect(everything).not.to.include(secret);
  }
  expect(failure.cause).to.equal(undefined);
}
