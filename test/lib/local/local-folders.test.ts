import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { folderIdOf, makeSocketFolder, socketPathsIn } from '../../../src/lib/local/local-folders.ts';

describe('the folders of the embedded engines', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'airbnb-folders-'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it('are named after the data folder', () => {
    // printf /data/embedded | sha256sum
    expect(folderIdOf('/data/embedded')).to.equal('53d80b67');
    expect(folderIdOf('/data/embedded/')).to.equal(folderIdOf('/data/embedded'));
  });

  it('are in the runtime folder', () => {
    expect(makeSocketFolder('0123abcd', { XDG_RUNTIME_DIR: root })).to.equal(join(root, 'airbnb/0123abcd'));
  });

  it('are below /tmp where there is no runtime folder of ours', () => {
    const expected = `/tmp/airbnb-${process.getuid?.()}/0123abcd`;
    const missing = join(root, 'missing');
    try {
      expect(makeSocketFolder('0123abcd', {})).to.equal(expected);
      expect(makeSocketFolder('0123abcd', { XDG_RUNTIME_DIR: missing })).to.equal(expected);
    } finally {
      rmSync(expected, { recursive: true, force: true });
    }
  });

  it('have room for both sockets in a hundred bytes', () => {
    const longest = `/${'x'.repeat(100 - '/x/.s.PGSQL.5432'.length)}`;
    expect(socketPathsIn(`${longest}x`).postgres).to.have.length(100);
    expect(() => socketPathsIn(`${longest}xx`))
      .to.throw()
      .that.includes({ reason: 'local_folder_unsafe' });
    expect(() => socketPathsIn(`${longest}ñ`)).to.throw();
    mkdirSync(join(root, 'airbnb'), { mode: 0o755 });
    expect(() => makeSocketFolder('0123abcd', { XDG_RUNTIME_DIR: root })).to.throw();
  });
});
