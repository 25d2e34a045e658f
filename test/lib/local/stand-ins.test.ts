import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { StandIns } from '../../../src/lib/local/stand-ins.ts';
import { Playground, reasonOf } from './support/playground.ts';
import { hostScript } from './support/scripts.ts';

const ONE = 'redis://one.example.com:6379/0';
const OTHER = 'redis://one.example.com:6379/1';

describe('the stand-ins', () => {
  let playground: Playground;
  let standIns: StandIns;

  before(async function () {
    this.timeout(60_000);
    await hostScript();
  });
  beforeEach(async () => {
    playground = new Playground();
    standIns = new StandIns(await playground.options());
  });
  afterEach(async () => {
    for (const { engines } of standIns.all()) await engines.stop();
    await playground.dispose();
  });

  it('are none before one is started, and nothing is made by asking', async () => {
    expect(standIns.all()).to.deep.equal([]);
    expect(await standIns.for(ONE).engines.running()).to.equal(undefined);
    expect((await standIns.for(ONE).engines.status()).running).to.equal(false);
    expect(standIns.all()).to.deep.equal([]);
  });

  it('have a folder, a process and a socket for each server', async () => {
    const [one, other] = await Promise.all([standIns.for(ONE).ensure(), standIns.for(OTHER).ensure()]);
    expect(one.pid).not.to.equal(other.pid);
    expect(one.redisSocket).not.to.equal(other.redisSocket);
    await playground.redis(one).set('session:a', '{}');
    expect(await playground.redis(other).exists('session:a')).to.equal(0);
    expect(await standIns.for(ONE).ensure()).to.deep.equal(one);
  });

  it('are apart from the embedded engines of the same user', async () => {
    const embedded = await (await playground.engines({ folder: join(playground.root, 'accounts') })).ensure();
    const standIn = await standIns.for(ONE).ensure();
    expect(standIn.pid).not.to.equal(embedded.pid);
    expect(standIn.server.split(':')[1]).not.to.equal(embedded.server.split(':')[1]);
  });

  it('say which server each is for, also when they run no more', async () => {
    await standIns.for(ONE).ensure();
    await standIns.for(OTHER).ensure();
    const servers = () => standIns.all().map(({ server }) => server);
    expect(servers()).to.have.members([ONE, OTHER]);
    for (const { engines } of standIns.all()) expect(await engines.stop()).to.equal(true);
    expect(servers()).to.have.members([ONE, OTHER]);
    const { folder } = await standIns.for(ONE).engines.status();
    rmSync(join(folder, 'server'));
    expect(servers()).to.have.members(['?', OTHER]);
  });

  it('start no PostgreSQL', async () => {
    const { engines, ...standIn } = standIns.for(ONE);
    expect(standIn).to.deep.equal({ server: ONE });
    await standIns.for(ONE).ensure();
    const { folder, postgres } = await engines.status();
    expect(postgres).to.equal('off');
    expect(JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8')).postgres).to.equal('off');
  });

  it('are refused in a folder that others can enter', async () => {
    await standIns.for(ONE).ensure();
    chmodSync(playground.folder, 0o755);
    expect(await reasonOf(Promise.resolve().then(() => standIns.all()))).to.equal('local_folder_unsafe');
    chmodSync(playground.folder, 0o700);
  });
});
