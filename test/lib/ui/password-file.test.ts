import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { readToEnd } from '../../../src/lib/ui/password-file.ts';
import { failureOf } from '../../support/failure-of.ts';
import { makeUserFolders, type UserFolders } from '../../support/user-folders.ts';

describe('a pipe that a password should come through', () => {
  let folders: UserFolders;
  let pipe: string;
  before(async () => {
    folders = await makeUserFolders(os.tmpdir());
    pipe = path.join(folders.work, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
  });
  after(() => folders.remove());

  it('is not waited for without end where its writer writes nothing', async () => {
    const reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await open(pipe, constants.O_WRONLY);
    try {
      const patience = { writer: 300, noWriter: 100 };
      const failure = await failureOf(readToEnd(reader.fd, true, patience));
      expect(failure).to.include({ reason: 'password_input' });
      expect(failure.params).to.deep.equal({ flag: '--password-file', problem: 'late' });
    } finally {
      await writer.close();
      await reader.close();
    }
  });

  it('is read to its end where that comes in pieces', async () => {
    const reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await open(pipe, constants.O_WRONLY);
    const reading = readToEnd(reader.fd, true);
    await writer.write('one ');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await writer.write('two');
    await writer.close();
    expect((await reading).toString()).to.equal('one two');
    await reader.close();
  });
});
