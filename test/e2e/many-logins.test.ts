import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { register } from '../support/accounts.ts';
import { newUser } from '../support/cli.ts';
import { readTokenFile } from '../support/token-file.ts';

const LOGINS = 50;

describe('many logins at once', () => {
  it(`${LOGINS} of one account in one home: as many sessions, all listed, and a token file that is whole`, async function () {
    this.timeout(120_000);
    await using user = await newUser();
    const account = await register(user);
    const flags = ['login', '--email', account.email, '--password-stdin', '--json'];
    const results = await Promise.all(
      Array.from({ length: LOGINS }, () =>
        user.run(flags, { input: account.password, timeoutMs: 100_000, env: { AIRBNB_SESSION_TTL: '600' } }),
      ),
    );
    for (const { code, stdout, stderr } of results) expect(code, stdout + stderr).to.equal(0);
    const ids = new Set(results.map((result) => result.json().id));
    expect(ids.size).to.equal(LOGINS);

    const list = (await user.run(['sessions', 'list', '--json'])).json();
    expect(list.total).to.equal(LOGINS);
    expect(new Set(list.sessions.map(({ id }: { id: string }) => id))).to.deep.equal(ids);

    expect(await readdir(path.dirname(user.sessionFile))).to.deep.equal(['session']);
    expect((await readTokenFile(user)).token).to.have.length(43);
    expect(ids).to.include((await user.run(['whoami', '--json'])).json().id);
  });
});
