import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addSessions } from '../../bench/bulk-load.ts';
import { bytesOf, SESSIONS } from '../../bench/memory.ts';
import { bundleSizes, HEAVY, loadedBy } from '../../bench/modules.ts';
import { markOf } from '../../src/lib/session/session-token.ts';
import { newUser, type User } from '../support/cli.ts';
import type { EngineProcess } from '../support/engines/engine-process.ts';
import { engines } from '../support/engines.ts';
import { type FlightProxy, startProxy } from '../support/flight-proxy.ts';
import { holdSession, tokenFileOf } from '../support/held-session.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';

const ROOT = join(__dirname, '..', '..');
const BINARY = join(ROOT, 'bin', 'run.js');
const MANY = 10_000;

describe('what cannot grow unnoticed', () => {
  describe('in memory', () => {
    it('is a session with device and address, of at most 500 bytes', async () => {
      for (const [what, wire] of Object.entries(SESSIONS)) {
        expect(await bytesOf(engines.redisUrl, wire), what).to.be.within(100, 500);
      }
    });
  });

  describe('in what whoami loads', () => {
    let user: User;
    before(async () => {
      user = await newUser();
      const session = await holdSession(user);
      // As a login leaves it: whoever has the mark has nothing to hash.
      await writeTokenFile(user, { ...tokenFileOf(session), mark: markOf(session.token) });
    });
    after(() => user.dispose());

    it('are few modules, and none for accounts', () => {
      const empty = loadedBy(['-e', '0'], user.env);
      const { files, builtins } = loadedBy([BINARY, 'whoami'], user.env);
      expect(files.length).to.be.within(1, 3);
      expect(files.filter((file) => HEAVY.test(file))).to.deep.equal([]);
      expect(builtins.length - empty.builtins.length).to.be.within(1, 45);
    });

    it('are small bundles, the database apart', () => {
      for (const { file, bytes } of bundleSizes()) expect(bytes, file).to.be.below(900_000);
      expect(statSync(join(ROOT, 'dist', 'database.js')).size).to.be.below(450_000);
    });
  });

  describe(`with ${MANY.toLocaleString('en')} sessions of one user`, () => {
    let redis: EngineProcess;
    let proxy: FlightProxy;
    let user: User;
    beforeEach(async () => {
      redis = await engines.ownRedis();
      // Ten thousand replies take a client long to read, more so where it is not alone.
      proxy = await startProxy(redis.url, { settleMs: 200 });
      user = await newUser({ env: { REDIS_URL: proxy.url } });
    });
    afterEach(async () => {
      await user?.dispose();
      await proxy?.close();
      await redis?.dispose();
    });

    /** Signs the user in to one session of many. @param dead how many more are in the index alone */
    async function fill(dead = 0): Promise<void> {
      const session = await holdSession(user, { url: redis.url, ttl: 600 });
      await writeTokenFile(user, tokenFileOf(session, proxy.url));
      const added = await addSessions(redis.port, {
        sessions: MANY + dead - 1,
        firstUser: session.wire.user_id,
        users: 1,
        wire: session.wire,
        ttlMs: 600_000,
        sample: MANY + dead,
      });
      const client = plainClient(redis.url);
      const index = `user:${session.wire.user_id}:sessions`;
      await Promise.all([
        client.persist(index),
        ...added.slice(0, dead).map(({ token }) => client.del(`session:${token}`)),
      ]);
      client.disconnect();
      await proxy.reset();
    }

    it('is the list, of three flights with nothing dead, and of two more to prune', async () => {
      await fill();
      expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(MANY);
      expect(proxy.flights).to.be.at.most(3);
      await fill(100);
      const { stdout } = await user.run(['sessions', 'list']);
      expect(stdout).to.contain(`Active sessions: ${MANY}`);
      expect(proxy.flights).to.be.at.most(5);
    });

    it('is the end of them all, of three flights, with progress on a terminal', async () => {
      await fill();
      const terminal = user.terminal(['sessions', 'revoke-all', '--yes']);
      const { code, text } = await terminal.exit(15_000);
      expect(code).to.equal(0);
      expect(text).to.contain(`0 of ${MANY} ended ...`).and.to.contain(`${MANY} sessions ended.`);
      expect(proxy.flights).to.be.at.most(3);
    });
  });
});
