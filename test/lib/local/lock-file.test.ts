import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { foreignLeaseMs, holderState, readLock, tryLock } from '../../../src/lib/local/lock-file.ts';
import { ownIdentity } from '../../../src/lib/local/process-identity.ts';
import { runScript } from './support/playground.ts';
import { helperScript } from './support/scripts.ts';

describe('a lock file', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-lock-'));
    path = join(folder, 'lock');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is had by one at a time', () => {
    const lock = tryLock(path);
    expect(lock).not.to.equal(undefined);
    expect(tryLock(path)).to.equal(undefined);
    lock?.release();
    expect(tryLock(path)).not.to.equal(undefined);
  });

  it('names its holder', () => {
    tryLock(path);
    expect(readLock(path)).to.include(ownIdentity());
  });

  it('leaves nothing behind', () => {
    tryLock(path)?.release();
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('is not given back by one who has lost it', () => {
    const lost = tryLock(path);
    rmSync(path);
    tryLock(path);
    lost?.release();
    expect(readLock(path)).not.to.equal(undefined);
  });

  it('is broken when its holder is gone', () => {
    writeFileSync(path, JSON.stringify({ ...ownIdentity(), startTime: 'long ago', nonce: 'ab' }));
    expect(tryLock(path)).not.to.equal(undefined);
  });

  it('is broken when a crash of the machine has emptied it', () => {
    writeFileSync(path, '');
    expect(tryLock(path)).not.to.equal(undefined);
  });

  it('is broken when who was breaking it is gone too', () => {
    const gone = { ...ownIdentity(), startTime: 'long ago' };
    writeFileSync(path, JSON.stringify({ ...gone, nonce: 'ab' }));
    writeFileSync(`${path}.ab`, JSON.stringify({ ...gone, nonce: 'cd' }));
    expect(tryLock(path)).not.to.equal(undefined);
    expect(readdirSync(folder)).to.deep.equal(['lock']);
  });

  it('of another machine or container holds for as long as it is refreshed', () => {
    const elsewhere = { ...ownIdentity(), place: 'another machine', nonce: 'ab' };
    writeFileSync(path, JSON.stringify(elsewhere));
    expect(holderState(path, elsewhere)).to.equal('elsewhere');
    expect(tryLock(path)).to.equal(undefined);
    const before = new Date(Date.now() - foreignLeaseMs - 1000);
    utimesSync(path, before, before);
    expect(tryLock(path)).not.to.equal(undefined);
  });

  it('lets in one at a time while its holders are killed', async () => {
    const script = await helperScript('lock-contender');
    const runs = Array.from({ length: 12 }, () => runScript(script, path, '15'));
    await Promise.all(runs.map(({ output }) => output));
    expect(runs.map(({ child }) => child.signalCode ?? child.exitCode)).to.deep.equal(
      runs.map(() => 'SIGKILL'),
    );
  }).timeout(60_000);
});
