import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { signIn } from '../support/accounts.ts';
import { newUser } from '../support/cli.ts';

const AT_ONCE = 32;

describe('many commands at once on one token', () => {
  it(`${AT_ONCE} by xargs -P never sign each other out, and leave the token file whole`, async function () {
    this.timeout(120_000);
    await using user = await newUser();
    const { email } = await signIn(user);
    const before = await readFile(user.sessionFile, 'utf8');
    const env = { PATH: await user.linkedPath() };
    const script = `
      { for i in $(seq ${AT_ONCE}); do echo whoami; echo sessions list; done; } |
      xargs -P ${AT_ONCE} -L 1 sh -c 'airbnb "$@" --json > "out.$$" || echo "code $?" >&2' sh
      cat out.* | grep -c '"current": true'`;
    const done = await user.runShell(script, { env, timeoutMs: 100_000 });
    expect(done).to.include({ code: 0, stderr: '' });
    // Each whoami and each list names the one session.
    expect(done.stdout.trim()).to.equal(String(2 * AT_ONCE));
    expect(await readFile(user.sessionFile, 'utf8')).to.equal(before);
    expect((await user.run(['whoami', '--json'])).json().email).to.equal(email);
  });

  it(`a login, commands and a logout among them end in 0 or 4, and never with half a file`, async function () {
    this.timeout(120_000);
    await using user = await newUser();
    const account = await signIn(user);
    const login = ['login', '--email', account.email, '--password-stdin', '--json'];
    const runs = Array.from({ length: AT_ONCE }, (_, index) =>
      index % 8 === 0
        ? user.run(login, { input: account.password, timeoutMs: 100_000 })
        : user.run(index % 8 === 4 ? ['logout', '--json'] : ['whoami', '--json'], { timeoutMs: 100_000 }),
    );
    for (const result of await Promise.all(runs)) {
      expect([0, 4], result.stdout).to.include(result.code);
      if (result.code === 4) expect(['never', 'expired', 'revoked']).to.include(result.json().error.reason);
    }
  });
});
