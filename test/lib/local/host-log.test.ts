import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HostLog } from '../../../src/lib/local/host-log.ts';

describe('the log of a host', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-log-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('has a line for each entry, with its time and process', () => {
    const path = join(folder, 'state/host.log');
    new HostLog(path).write('ready\nsteady');
    expect(readFileSync(path, 'utf8')).to.match(/^\d{4}-\d\d-\d\dT\S+Z \d+ ready steady\n$/);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('stays small', () => {
    const log = new HostLog(join(folder, 'host.log'));
    for (let i = 0; i < 2000; i++) log.write('x'.repeat(10_000));
    expect(readdirSync(folder)).to.have.members(['host.log', 'host.log.old']);
    const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(size).to.be.below(270_000);
  });

  it('stops nobody where it cannot be written', () => {
    writeFileSync(join(folder, 'state'), '');
    new HostLog(join(folder, 'state/host.log')).write('ready');
  });
});
