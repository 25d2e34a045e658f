import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  filesIn,
  type HostRecord,
  hostProtocol,
  readRecord,
  writeRecord,
} from '../../../src/lib/local/host-record.ts';
import { ownIdentity } from '../../../src/lib/local/process-identity.ts';
import { migrations } from '../../../src/lib/migrations/migrations.ts';

describe('the record of a host', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-record-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read as it was written, and only by its owner', () => {
    const record: HostRecord = {
      ...ownIdentity(),
      protocol: hostProtocol,
      run: '0123456789abcdef',
      redisSocket: '/run/redis.sock',
      postgresSocket: '/run/.s.PGSQL.5432',
      startedAt: '2025-11-16T15:00:00.000Z',
      postgres: 'off',
    };
    writeRecord(folder, record);
    expect(readRecord(folder)).to.deep.equal(record);
    expect(readdirSync(folder)).to.deep.equal(['host.json']);
    expect(statSync(filesIn(folder).record).mode & 0o777).to.equal(0o600);
  });

  it('counts as none when it is something else', () => {
    expect(readRecord(folder)).to.equal(undefined);
    for (const content of ['', '{', 'null', '[]', '{"pid":1}']) {
      writeFileSync(filesIn(folder).record, content);
      expect(readRecord(folder), content).to.equal(undefined);
    }
  });

  it('has another protocol after every new migration', () => {
    // A host that runs has the schema of its own version. When this fails, raise both numbers.
    expect({ hostProtocol, migrations: Object.keys(migrations).length }).to.deep.equal({
      hostProtocol: 2,
      migrations: 3,
    });
  });
});
