import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { newAccount, register, signIn } from './accounts.ts';
import { newUser } from './cli.ts';

describe('accounts of tests', () => {
  it('are nobody else’s', () => {
    expect(newAccount().email).not.to.equal(newAccount().email);
    expect(newAccount({ rol: 'AMBOS' }).rol).to.equal('AMBOS');
  });

  it('are registered and signed in to by the commands for it', async () => {
    await using user = await newUser();
    const account = await register(user, { nombre: 'Zoë' });
    expect(existsSync(user.sessionFile)).to.equal(false);

    await signIn(user, account);
    expect(existsSync(user.sessionFile)).to.equal(true);
    const whoami = await user.run(['whoami', '--json']);
    expect(whoami.json()).to.include({ email: account.email, nombre: 'Zoë', rol: 'HUESPED' });
  });

  it('work on the product’s own engines too, which end with their user', async () => {
    await using user = await newUser({ configured: false });
    const account = await signIn(user);
    expect((await user.run(['whoami', '--json'])).json()).to.include({
      email: account.email,
      engine: 'embedded',
    });
  });

  it('that cannot be made say why', async () => {
    await using user = await newUser();
    const failure = await register(user, { password: 'short' }).catch((error: Error) => error.message);
    expect(failure).to.match(/airbnb register exited with \d+:\n./);
  });
});
