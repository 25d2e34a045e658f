import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { expect } from 'chai';
import { archiveName, unpackArchive } from '../../../src/lib/local/postgres-archive.ts';
import { hostScript } from './support/scripts.ts';

describe('the archive of a new database', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-archive-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds a database, in little space', async function () {
    this.timeout(60_000);
    const archive = join(dirname(await hostScript()), archiveName);
    expect(statSync(archive).size).to.be.below(2_000_000);
    unpackArchive(archive, folder);
    expect(readFileSync(join(folder, 'PG_VERSION'), 'utf8')).to.equal('18\n');
    expect(statSync(join(folder, 'global/pg_control')).size).to.equal(8192);
    expect(statSync(join(folder, 'base')).mode & 0o777).to.equal(0o700);
  });

  it('is refused when it is damaged, or reaches out of its folder', () => {
    const archive = join(folder, 'archive');
    writeFileSync(archive, 'not compressed');
    expect(() => unpackArchive(archive, folder)).to.throw();
    const header = Buffer.alloc(512);
    header.write('../outside');
    header.write('00000000001', 124);
    header.write('0', 156);
    writeFileSync(archive, brotliCompressSync(Buffer.concat([header, Buffer.alloc(512)])));
    expect(() => unpackArchive(archive, folder)).to.throw('damaged archive');
  });
});
