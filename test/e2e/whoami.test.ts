import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession } from '../support/held-session.ts';
import { jsonFailure } from '../support/json-failure.ts';
import { writeTokenFile } from '../support/token-file.ts';

describe('airbnb whoami', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser();
    account = await register(user, { nombre: 'Zoë Ruiz', rol: 'AMBOS' });
    await signIn(user, account);
  });
  after(() => user.dispose());

  it('shows the profile, the session, the server, the engine and where the token came from', async () => {
    const json = (await user.run(['whoami', '--json'])).json();
    const shown = await user.run(['whoami']);
    expect(shown).to.include({ code: 0, stderr: '' });
    const lines = [
      `Zoë Ruiz <${account.email}>`,
      /Role: +AMBOS/,
      new RegExp(`User ID: +${json.user_id}\n`),
      new RegExp(`Guest ID: +${json.huesped_id}\n`),
      new RegExp(`Host ID: +${json.anfitrion_id}\n`),
      new RegExp(`Session ID: +${json.id}\n`),
      new RegExp(`Token: +${json.token_prefix}\\.\\.\\.`),
      /Started: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/,
      /Last activity: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d\n/,
      /Time left: +(90|89) s/,
      new RegExp(`Server: +${engines.redisUrl}/0 \\(Redis\\)`),
      /: +the token file\n/,
    ];
    expect(shown.stdout.split(account.email), 'the e-mail is said once').to.have.length(2);
    for (const line of lines) {
      if (typeof line === 'string') expect(shown.stdout).to.contain(line);
      else expect(shown.stdout).to.match(line);
    }
  });

  it('gives them as JSON', async () => {
    const done = await user.run(['whoami', '--json']);
    expect(done).to.include({ code: 0, stderr: '' });
    const session = done.json();
    expect(session).to.include({
      email: account.email,
      nombre: 'Zoë Ruiz',
      rol: 'AMBOS',
      auth_user_id: null,
      current: true,
      server: `${engines.redisUrl}/0`,
      engine: 'redis',
      token_source: 'file',
      degraded: false,
    });
    expect(session.id).to.match(/^[0-9a-f]{12}$/);
    expect(session.token_prefix).to.have.length(8);
    expect(session.expires_in).to.be.within(88, 90);
    for (const time of ['creado_en', 'created_at', 'last_activity']) {
      expect(session[time]).to.match(/Z$/);
      expect(Date.parse(session[time])).to.be.closeTo(Date.now(), 60_000);
    }
  });

  it('speaks Spanish', async () => {
    const { stdout } = await user.run(['whoami'], { env: { AIRBNB_LANG: 'es' } });
    expect(stdout).to.match(/Creada:.*\n.*Última actividad:.*\n.*Tiempo restante: +\d+ s/);
  });

  it('shows what is in the session: a change of the account shows at the next login', async () => {
    const changing = await register(user, { nombre: 'Before' });
    await using somebody = await newUser();
    await signIn(somebody, changing);
    const database = new Client({ connectionString: engines.databaseUrl });
    await database.connect();
    await database.query(`update usuario set nombre = 'After' where email = $1`, [changing.email]);
    await database.end();
    const nombre = async () => (await somebody.run(['whoami', '--json'])).json().nombre;
    expect(await nombre()).to.equal('Before');
    await signIn(somebody, changing);
    expect(await nombre()).to.equal('After');
  });

  it('is signed in by a file that holds a bare token too', async () => {
    await using somebody = await newUser();
    const { token, wire } = await startSession();
    await writeTokenFile(somebody, `${token}\r\n`);
    const done = await somebody.run(['whoami', '--json']);
    expect(done.json()).to.include({ email: wire.email, token_source: 'file' });
  });

  it('lets no stored value move the cursor or turn the text round', async () => {
    await using somebody = await newUser();
    const nombre = 'Eve\u001b[2J\u009b31m\u202egnp\nLine';
    await holdSession(somebody, { wire: { nombre, rol: 'HUESPED\u0007' } });
    for (const args of [['whoami'], ['whoami', '--json'], ['sessions', 'list']]) {
      const { code, stdout } = await somebody.run(args);
      expect(code, args.join(' ')).to.equal(0);
      expect(stdout).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(stdout).not.to.match(/^Line/m);
    }
    const terminal = somebody.terminal(['whoami']);
    await terminal.exit();
    expect(terminal.raw).not.to.contain('\u001b[2J').and.not.to.contain('\u202e');
    expect((await somebody.run(['whoami', '--json'])).json().nombre).to.equal(nombre);
  });

  it('shows names of any script on lines of their own, and cuts one of 100 KB', async () => {
    await using somebody = await newUser();
    for (const nombre of ['王小明 👩‍👩‍👧', 'שלום', 'علي', `${'😀'.repeat(25_000)}end`]) {
      await holdSession(somebody, { wire: { nombre, email: 'a@b.c' } });
      const { stdout } = await somebody.run(['whoami']);
      const [title = '', ...rows] = stdout.trimEnd().split('\n');
      const cut = nombre.length > 200 ? `${'😀'.repeat(199)}…` : nombre;
      expect(title).to.equal(`${cut} <a@b.c>`);
      const labels = rows.map((row) => /^ {2}[^:]+: +(?=\S)/.exec(row)?.[0].length);
      expect(new Set(labels).size, stdout).to.equal(1);
      expect((await somebody.run(['whoami', '--json'])).json().nombre).to.equal(nombre);
      expect((await somebody.run(['sessions', 'list'])).code).to.equal(0);
    }
  });

  it('colours for a terminal, and for nothing else unless told to', async () => {
    const sequence = '\u001b[';
    expect((await user.run(['whoami'])).stdout).not.to.contain(sequence);
    expect((await user.run(['whoami'], { env: { FORCE_COLOR: '1' } })).stdout).to.contain(sequence);
    const coloured = user.terminal(['whoami']);
    await coloured.exit();
    expect(coloured.raw).to.contain(`${sequence}1m`);
    const plain = user.terminal(['whoami'], { env: { NO_COLOR: '1' } });
    await plain.exit();
    expect(plain.raw).not.to.contain(sequence);
    const unset = user.terminal(['whoami'], { env: { NO_COLOR: '' } });
    await unset.exit();
    expect(unset.raw).to.contain(sequence);
  });

  it('takes no argument', async () => {
    const wrong = await user.run(['whoami', 'me', '--json']);
    expect(jsonFailure(wrong)).to.include({ code: 2, reason: 'unexpected_argument' });
  });
});
