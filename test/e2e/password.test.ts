import { expect } from 'chai';
import { type Account, newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { jsonFailure } from '../support/json-failure.ts';

describe('airbnb password', () => {
  let user: User;
  let elsewhere: User;
  let account: Account;
  before(async () => {
    [user, elsewhere] = await Promise.all([newUser(), newUser()]);
    account = await register(user);
    await signIn(user, account);
    await signIn(elsewhere, account);
  });
  after(() => Promise.all([user.dispose(), elsewhere.dispose()]));

  const change = (before: string, after: string) =>
    user.run(['password', '--password-stdin', '--json'], { input: `${before}\n${after}\n` });

  it('refuses a wrong old password with 4, and changes and ends nothing', async () => {
    const refused = await change('not the password', newAccount().password);
    expect(jsonFailure(refused)).to.include({ code: 4, reason: 'wrong_credentials' });
    expect((await elsewhere.run(['whoami'])).code).to.equal(0);
    expect((await user.run(['whoami'])).code).to.equal(0);
  });

  it('holds the new password to the rules', async () => {
    await Promise.all(
      ['zq7-x', 'x'.repeat(73), 'Password123'].map(async (bad) => {
        const refused = await change(account.password, bad);
        expect(jsonFailure(refused)).to.include({ code: 2, reason: 'invalid_password' });
        expect(refused.stdout).not.to.contain(bad);
      }),
    );
  });

  it('takes two lines from stdin, no fewer, no more, none of them empty', async () => {
    await Promise.all(
      ['', `${account.password}\n`, `${account.password}\n\n`, 'one\ntwo\nthree\n', '\n\n'].map(
        async (input) => {
          const refused = await user.run(['password', '--password-stdin', '--json'], { input });
          expect(jsonFailure(refused)).to.include({ code: 2, reason: 'password_input' });
        },
      ),
    );
    const missing = jsonFailure(await user.run(['password', '--json']));
    expect(missing).to.include({ code: 2, reason: 'missing_flag', flag: '--password-stdin' });
  });

  it('changes it, and ends all other sessions', async () => {
    const { password } = newAccount();
    const done = await change(account.password, password);
    expect(done.code).to.equal(0);
    expect(done.json()).to.deep.equal({ ended: 1 });
    expect((await user.run(['whoami'])).code).to.equal(0);
    expect(jsonFailure(await elsewhere.run(['whoami', '--json'])).reason).to.equal('revoked');

    const login = (input: string) =>
      elsewhere.run(['login', '--email', account.email, '--password-stdin'], { input });
    expect((await login(account.password)).code).to.equal(4);
    expect((await login(password)).code).to.equal(0);
    account = { ...account, password };
  });

  it('looks at the old one before it asks for a new one', async () => {
    const terminal = user.terminal(['password']);
    await terminal.expect(/Old password:/);
    terminal.answer('not the password');
    await terminal.expect(/The old password is wrong/);
    const { code, text } = await terminal.exit();
    expect(code).to.equal(4);
    expect(text).not.to.contain('New password:');
  });

  it('asks on a terminal: the old one, and the new one twice, all unseen', async () => {
    const { password } = newAccount();
    const terminal = user.terminal(['password']);
    await terminal.expect(/Old password:/);
    terminal.answer(account.password);
    await terminal.expect(/at least 8 characters/);
    await terminal.expect(/New password:/);
    terminal.answer(password);
    await terminal.expect(/again:/);
    terminal.answer(password);
    await terminal.expect(/Password changed; 1 other session ended/);
    expect((await terminal.exit()).code).to.equal(0);
    for (const secret of [password, account.password]) {
      expect(terminal.raw).not.to.contain(secret.slice(0, 7));
    }
  });
});
