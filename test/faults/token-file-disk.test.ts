import path from 'node:path';
import { expect } from 'chai';
import { signIn } from '../support/accounts.ts';
import { newUser } from '../support/cli.ts';
import { readTokenFile } from '../support/token-file.ts';
import { SmallDisk } from './support/small-disk.ts';

describe('the disk of the token file', () => {
  it('full or read-only: a login fails with 1, leaves no session behind, and the old token goes on', async function () {
    this.timeout(60_000);
    await using user = await newUser();
    const disk = await SmallDisk.mount(path.dirname(user.sessionFile), 1);
    if (!disk) {
      if (this.test) this.test.title += ' (left out: nothing may be mounted here)';
      this.skip();
    }
    try {
      const account = await signIn(user);
      const { token } = await readTokenFile(user);
      const login = () =>
        user.run(['login', '--email', account.email, '--password-stdin'], { input: account.password });
      const expectRefused = async () => {
        const refused = await login();
        expect(refused.code, refused.stdout + refused.stderr).to.equal(1);
        expect(refused.stderr).to.match(/^Error: [^\n]+\.\n([^\n]+\n)?$/);
        expect((await readTokenFile(user)).token === token).to.equal(true);
        expect((await user.run(['sessions', 'list', '--json'])).json().total).to.equal(1);
      };
      await disk.fill();
      await expectRefused();
      await disk.makeRoom();
      await disk.allowWrites(false);
      await expectRefused();
      await disk.allowWrites(true);
      expect((await login()).code).to.equal(0);
    } finally {
      await disk[Symbol.asyncDispose]();
    }
  });
});
