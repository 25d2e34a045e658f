import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { Client } from 'pg';
import { newAccount, register } from '../support/accounts.ts';
import { newUser, type Result, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { jsonFailure } from '../support/json-failure.ts';

describe('airbnb register', () => {
  let user: User;
  before(async () => {
    user = await newUser();
  });
  after(() => user.dispose());

  /** Registers what a valid account becomes with these changes. */
  function attempt({ email, nombre, password }: { email?: string; nombre?: string; password?: string }) {
    const account = { ...newAccount(), ...(email === undefined ? {} : { email }) };
    const name = nombre ?? account.nombre;
    const args = ['register', '--email', account.email, '--nombre', name, '--password-stdin', '--json'];
    return user.run(args, { input: `${password ?? account.password}\n` });
  }

  it('makes an account and says so, without signing in', async () => {
    const { email, password } = newAccount();
    const made = await user.run(['register', '--email', email, '--nombre', 'Ana', '--password-stdin'], {
      input: password,
    });
    expect(made).to.include({ code: 0, stderr: '' });
    expect(made.stdout).to.contain(email).and.to.contain('HUESPED').and.to.contain('airbnb login');
    expect(existsSync(user.sessionFile)).to.equal(false);
  });

  it('gives the account as JSON, with no hash and no password in it', async () => {
    const { email, password } = newAccount();
    const made = await user.run(
      ['register', '--email', email, '--name', 'Luis', '--role', 'ANFITRION', '--password-stdin', '--json'],
      { input: password },
    );
    expect(made).to.include({ code: 0, stderr: '' });
    expect(made.json()).to.include({
      email,
      nombre: 'Luis',
      rol: 'ANFITRION',
      auth_user_id: null,
      huesped_id: null,
    });
    expect(made.json().anfitrion_id).to.be.a('number');
    expect(made.json().creado_en).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(made.stdout).not.to.contain(password).and.not.to.contain('$2b$');
  });

  it('makes the rows of a guest, of a host, or of both', async () => {
    const database = new Client({ connectionString: engines.databaseUrl });
    await database.connect();
    try {
      for (const [rol, tables] of [
        ['HUESPED', ['huesped']],
        ['ANFITRION', ['anfitrion']],
        ['AMBOS', ['anfitrion', 'huesped']],
      ] as const) {
        const { email } = await register(user, { rol, nombre: 'Zoë' });
        const { rows } = await database.query(
          `select 'anfitrion' as rows_of, nombre from anfitrion where usuario_id in (select id from usuario where email = $1)
           union all
           select 'huesped', nombre from huesped where usuario_id in (select id from usuario where email = $1)
           order by 1`,
          [email],
        );
        expect(rows, rol).to.deep.equal(tables.map((table) => ({ rows_of: table, nombre: 'Zoë' })));
      }
    } finally {
      await database.end();
    }
  });

  it('does not make a second account for an e-mail, whatever its case', async () => {
    const { email } = await register(user);
    const second = await attempt({ email: ` ${email.toUpperCase()} ` });
    expect(jsonFailure(second)).to.include({ code: 1, reason: 'email_taken' });
  });

  it('makes one account when several ask for the same at once', async () => {
    const { email } = newAccount();
    const results = await Promise.all([1, 2, 3].map(() => attempt({ email })));
    expect(results.map(({ code }) => code).sort()).to.deep.equal([0, 1, 1]);
  });

  describe('has rules', () => {
    const refusals: [string, Parameters<typeof attempt>[0], string][] = [
      ['an e-mail without a domain', { email: 'nobody' }, 'invalid_email'],
      ['an e-mail of 255 characters', { email: `${'a'.repeat(243)}@example.com` }, 'invalid_email'],
      ['an empty e-mail', { email: '  ' }, 'invalid_email'],
      ['an empty name', { nombre: '   ' }, 'invalid_nombre'],
      ['a name of 201 characters', { nombre: 'n'.repeat(201) }, 'invalid_nombre'],
      ['a name with a control character', { nombre: 'Ana\u001b[31m' }, 'invalid_nombre'],
      ['a name that turns the direction of text', { nombre: 'Ana\u202e' }, 'invalid_nombre'],
      ['a name of which nothing is seen', { nombre: '\u2800' }, 'invalid_nombre'],
      ['a name with a hidden text', { nombre: 'Ana\u{e0041}' }, 'invalid_nombre'],
      ['a password of 7 characters', { password: 'ñandú-7' }, 'invalid_password'],
      ['a password of 73 bytes', { password: `${'ñ'.repeat(36)}x` }, 'invalid_password'],
      ['a password with a NUL', { password: 'seven-or\0more' }, 'invalid_password'],
      ['a common password', { password: 'Password123' }, 'invalid_password'],
      ['an empty password', { password: '' }, 'password_input'],
    ];
    for (const [what, change, reason] of refusals) {
      it(`against ${what}`, async () => {
        const refused = await attempt(change);
        expect(jsonFailure(refused)).to.include({ code: 2, reason });
        expect(refused.stdout).not.to.contain(change.password || 'nothing of the kind');
      });
    }

    it('that the limits themselves keep', async () => {
      // Signing in with them shows that nothing was cut.
      const password = `${'ñ'.repeat(35)}-x`;
      const email = `${newAccount().email.split('@')[0]}${'a'.repeat(200)}@example.com`;
      const account = await register(user, { email, nombre: '\u{1f3e0}'.repeat(200), password });
      const flags = ['login', '--email', account.email, '--password-stdin'];
      expect((await user.run(flags, { input: password })).code).to.equal(0);
      expect((await user.run(flags, { input: password.slice(0, -1) })).code).to.equal(4);
    });

    it('for a rol, which is one of three', async () => {
      const { email } = newAccount();
      const args = ['register', '--email', email, '--nombre', 'A', '--rol', 'ADMIN', '--password-stdin'];
      const refused = jsonFailure(await user.run([...args, '--json'], { input: 'a good password' }));
      expect(refused).to.include({ code: 2, reason: 'invalid_value', flag: '--rol' });
      expect(refused.hint).to.contain('HUESPED').and.to.contain('AMBOS').and.not.to.contain('ADMIN');
    });
  });

  it('keeps the e-mail trimmed and in one form of Unicode', async () => {
    const { email, password } = newAccount();
    const made = await attempt({ email: `  jose\u0301-${email} `, password });
    expect(made.json().email).to.equal(`jos\u00e9-${email}`);
    const login = ['login', '--email', `JOS\u00c9-${email}`, '--password-stdin'];
    expect((await user.run(login, { input: password })).code).to.equal(0);
  });

  it('names what is missing where there is nobody to ask', async () => {
    const given: string[] = [];
    for (const [flag, value] of [
      ['--email', 'somebody@example.com'],
      ['--nombre', 'Somebody'],
      ['--password-stdin', undefined],
    ] as const) {
      const missing = jsonFailure(await user.run(['register', ...given, '--json']));
      expect(missing).to.include({ code: 2, reason: 'missing_flag', flag });
      given.push(flag, ...(value ? [value] : []));
    }
  });

  describe('on a terminal', () => {
    it('asks for what is missing, and for the password twice, of which nothing is seen', async () => {
      const { email, password } = newAccount();
      const terminal = user.terminal(['register']);
      await terminal.expect(/E-mail:/);
      terminal.answer(email);
      await terminal.expect(/Name:/);
      terminal.answer('Ana Pérez');
      await terminal.expect(/New password:/);
      terminal.answer(password);
      await terminal.expect(/again:/);
      terminal.answer(password);
      await terminal.expect(/\(HUESPED\)/);
      expect((await terminal.exit()).code).to.equal(0);
      for (const piece of [password, password.slice(0, 8), '***', '•']) {
        expect(terminal.raw).not.to.contain(piece);
      }
      const login = await user.run(['login', '--email', email, '--password-stdin'], { input: password });
      expect(login.code).to.equal(0);
    });

    it('asks again for what cannot be used, before the next question', async () => {
      const { email, password } = newAccount();
      const terminal = user.terminal(['register']);
      await terminal.expect(/E-mail:/);
      terminal.answer('nobody');
      await terminal.expect(/not an e-mail address that can be used/);
      terminal.answer(email);
      await terminal.expect(/Name:/);
      terminal.answer('Ana\u202e');
      await terminal.expect(/name cannot be used/);
      terminal.answer('Ana');
      await terminal.expect(/at least 8 characters/);
      await terminal.expect(/New password:/);
      terminal.answer('zq7-x');
      await terminal.expect(/too short/);
      await terminal.expect(/New password:/);
      terminal.answer(password);
      await terminal.expect(/again:/);
      terminal.answer(password);
      await terminal.expect(/created/);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(0);
      expect(text).not.to.contain('zq7-x');
      const login = await user.run(['login', '--email', email, '--password-stdin'], { input: password });
      expect(login.code).to.equal(0);
    });

    it('asks for nothing that was given, and for both passwords again when they differ', async () => {
      const { email, password, nombre } = newAccount();
      const terminal = user.terminal(['register', '--email', email, '--nombre', nombre], {
        env: { LANG: 'es_ES.UTF-8' },
      });
      await terminal.expect(/al menos 8 caracteres/);
      await terminal.expect(/Contraseña nueva:/);
      terminal.answer(password);
      await terminal.expect(/otra vez:/);
      terminal.answer(`${password}!`);
      await terminal.expect(/no coinciden/);
      await terminal.expect(/Contraseña nueva:/);
      terminal.answer(password);
      await terminal.expect(/otra vez:/);
      terminal.answer(password);
      await terminal.expect(/creada/);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(0);
      expect(text).not.to.match(/Correo:|Nombre:/);
    });

    it('tells that there is such an account before anybody thinks of a password', async () => {
      const { email } = await register(user);
      const terminal = user.terminal(['register']);
      await terminal.expect(/E-mail:/);
      terminal.answer(email.toUpperCase());
      await terminal.expect(/already an account/);
      const { code, text } = await terminal.exit();
      expect(code).to.equal(1);
      expect(text).not.to.match(/Name:|password:/i);
    });
  });

  it('is 0 or an error, and prints the same on stdout and stderr in Spanish', async () => {
    const { email, password } = newAccount();
    const spanish = (args: string[]): Promise<Result> =>
      user.run(args, { input: password, env: { LANG: 'es_MX.UTF-8' } });
    const args = ['register', '--email', email, '--nombre', 'Ana', '--password-stdin'];
    expect((await spanish(args)).stdout).to.contain(`Cuenta ${email} creada`);
    const taken = await spanish(args);
    expect(taken).to.include({ code: 1, stdout: '' });
    expect(taken.stderr).to.match(/^Error: Ya hay una cuenta/);
  });
});
