import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { makeFolders } from '../../src/lib/make-folders.ts';

describe('folders that are made', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'airbnb-folders-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are made with those above them, for the user alone', async () => {
    const path3 = path.join(folder, 'one', 'two', 'three');
    makeFolders(path3);
    makeFolders(path3);
    for (const each of [path3, path.dirname(path3), path.dirname(path.dirname(path3))]) {
      expect((await stat(each)).mode & 0o777).to.equal(0o700);
    }
  });

  it('fail, and do not go round for ever, where the system makes none', function () {
    if (process.platform !== 'linux') this.skip();
    expect(() => makeFolders('/proc/nothing/at/all')).to.throw(/ENOENT/);
  });
});
