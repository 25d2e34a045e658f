import { expect } from 'chai';
import { Client } from 'pg';
import { newAccount, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import type { FreshDatabase } from '../support/engines/engine-factory.ts';
import { engines } from '../support/engines.ts';
import { holdSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';

describe('airbnb db', () => {
  describe('with a database that holds nothing yet', () => {
    let fresh: FreshDatabase;
    let user: User;
    before(async () => {
      fresh = await engines.freshDatabase();
      user = await newUser({ env: { DATABASE_URL: fresh.url } });
    });
    after(async () => {
      await user.dispose();
      await fresh.drop();
    });

    const migrations = ['0001-account-tables', '0002-account-indexes', '0003-login-counters'];

    it('says "airbnb db migrate" and 78 in every command that needs accounts, and no SQL', async () => {
      await holdSession(user);
      const { email, password } = newAccount();
      const commands = [
        ['register', '--email', email, '--nombre', 'A', '--password-stdin'],
        ['login', '--email', email, '--password-stdin'],
        ['password', '--password-stdin'],
        ['db', 'set-password', '--email', email, '--password-stdin'],
      ];
      await Promise.all(
        commands.map(async (command) => {
          const input = command[0] === 'password' ? `${password}\n${password}\n` : password;
          const [text, json] = [
            await user.run(command, { input }),
            await user.run([...command, '--json'], { input }),
          ];
          expect(text, command.join(' ')).to.include({ code: 78, stdout: '' });
          expect(text.stderr)
            .to.contain('airbnb db migrate')
            .and.not.to.match(/relation|select|42P01/i);
          expect(jsonFailure(json)).to.include({ code: 78, reason: 'tables_missing' });
        }),
      );
    });

    it('does not keep commands from working that need no accounts', async () => {
      await holdSession(user);
      expect((await user.run(['whoami'])).code).to.equal(0);
      expect((await user.run(['sessions', 'list'])).code).to.equal(0);
    });

    it('status shows what is pending, with 78', async () => {
      const text = await user.run(['db', 'status']);
      expect(text.code).to.equal(78);
      for (const name of migrations) expect(text.stdout).to.match(new RegExp(`^pending +${name}$`, 'm'));
      expect(text.stderr).to.contain('airbnb db migrate');
      const json = await user.run(['db', 'status', '--json']);
      expect(jsonFailure(json)).to.include({ code: 78, reason: 'migrations_pending' });
    });

    it('migrate applies it, also when several do so at once, and has nothing to do the next time', async () => {
      const runs = await Promise.all([1, 2, 3].map(() => user.run(['db', 'migrate', '--json'])));
      expect(runs.map(({ code }) => code)).to.deep.equal([0, 0, 0]);
      expect(runs.flatMap((run) => run.json().applied)).to.deep.equal(migrations);
      const again = await user.run(['db', 'migrate']);
      expect(again).to.include({ code: 0, stderr: '' });
      expect(again.stdout).to.contain('up to date');

      const status = await user.run(['db', 'status', '--json']);
      expect(status.code).to.equal(0);
      expect(status.json()).to.deep.equal({ applied: migrations, pending: [] });
      expect((await register(user)).email).to.contain('@');
    });
  });

  describe('with a database that a Python system left', () => {
    let adopted: FreshDatabase;
    let user: User;
    before(async () => {
      adopted = await engines.freshDatabase();
      user = await newUser({ env: { DATABASE_URL: adopted.url } });
      const database = new Client({ connectionString: adopted.url });
      await database.connect();
      await database.query(`
        create table usuario (id serial primary key, email varchar unique not null, rol varchar not null,
          auth_user_id uuid, creado_en timestamp default now());
        create table huesped (id serial primary key, usuario_id int, nombre varchar, telefono varchar);
        create table anfitrion (id serial primary key, usuario_id int, nombre varchar);
        insert into usuario (id, email, rol) values (41, 'old@example.com', 'AMBOS');
        insert into huesped (usuario_id, nombre, telefono) values (41, 'Old Guest', '555');
      `);
      await database.end();
    });
    after(async () => {
      await user.dispose();
      await adopted.drop();
    });

    it('adopts it, gives its accounts passwords, and signs them in', async () => {
      expect((await user.run(['db', 'migrate'])).code).to.equal(0);
      const { password } = newAccount();
      const login = () =>
        user.run(['login', '--email', 'old@example.com', '--password-stdin', '--json'], { input: password });
      // Without a hash it looks like a wrong password.
      expect(jsonFailure(await login())).to.include({ code: 4, reason: 'wrong_credentials' });

      const set = ['db', 'set-password', '--email', 'OLD@example.com', '--password-stdin', '--json'];
      expect((await user.run(set, { input: password })).json()).to.deep.equal({ ended: 0 });
      expect((await login()).json()).to.include({
        user_id: 41,
        email: 'old@example.com',
        rol: 'AMBOS',
        nombre: 'Old Guest',
      });
    });
  });

  describe('set-password', () => {
    let user: User;
    before(async () => {
      user = await newUser();
    });
    after(() => user.dispose());

    const set = (email: string, password: string) =>
      user.run(['db', 'set-password', '--email', email, '--password-stdin', '--json'], { input: password });

    it('needs no session, replaces the password and ends all sessions of the account', async () => {
      const account = await signIn(user);
      await using operator = await newUser();
      const { password } = newAccount();
      const args = ['db', 'set-password', '--email', account.email.toUpperCase(), '--password-stdin'];
      const done = await operator.run(args, { input: `${password}\n` });
      expect(done).to.include({ code: 0, stderr: '' });
      expect(done.stdout).to.contain(account.email).and.to.contain('1 session ended');
      expect(done.stdout).not.to.contain(password);
      expect(jsonFailure(await user.run(['whoami', '--json'])).reason).to.equal('revoked');

      const login = (input: string) =>
        user.run(['login', '--email', account.email, '--password-stdin'], { input });
      expect((await login(account.password)).code).to.equal(4);
      expect((await login(password)).code).to.equal(0);
    });

    it('says where there is no such account, and holds the password to the rules', async () => {
      const { email, password } = newAccount();
      expect(jsonFailure(await set(email, password))).to.include({ code: 1, reason: 'unknown_account' });
      expect(jsonFailure(await set(email, 'short'))).to.include({ code: 2, reason: 'invalid_password' });
    });

    it('changes nothing while Redis is down, as the sessions could not be ended', async () => {
      const account = await register(user);
      const refused = await user.run(
        ['db', 'set-password', '--email', account.email, '--password-stdin', '--json'],
        { input: newAccount().password, env: { REDIS_URL: 'redis://127.0.0.1:1' } },
      );
      expect(jsonFailure(refused)).to.include({ code: 69, reason: 'unreachable', engine: 'redis' });
      await signIn(user, account);
    });

    it('asks on a terminal for what is missing', async () => {
      const account = await register(user);
      const { password } = newAccount();
      const terminal = user.terminal(['db', 'set-password']);
      await terminal.expect(/E-mail:/);
      terminal.answer(account.email);
      await terminal.expect(/New password:/);
      terminal.answer(password);
      await terminal.expect(/again:/);
      terminal.answer(password);
      await terminal.expect(/has a new password/);
      expect((await terminal.exit()).code).to.equal(0);
      expect(terminal.raw).not.to.contain(password.slice(0, 8));
      await signIn(user, { ...account, password });
    });
  });
});
