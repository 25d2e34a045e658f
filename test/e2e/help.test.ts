import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { commandTable } from '../../src/command-table.ts';
import { newUser, type User } from '../support/cli.ts';
import { jsonFailure } from '../support/json-failure.ts';

const SPANISH = { LC_ALL: 'es_AR.UTF-8' };

describe('help of the built program', () => {
  let user: User;
  before(async () => {
    user = await newUser({ configured: false });
  });
  after(() => user.dispose());

  async function printed(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { code, stdout, stderr } = await user.run(args, { env });
    expect({ code, stderr }, args.join(' ')).to.deep.equal({ code: 0, stderr: '' });
    return stdout;
  }

  it('is the same however it is asked for', async () => {
    const root = await printed([]);
    expect(root).to.contain('USAGE\n  $ airbnb [COMMAND]\n');
    for (const args of [['--help'], ['-h'], ['help']]) expect(await printed(args)).to.equal(root);

    const topic = await printed(['sessions']);
    expect(topic).to.contain('USAGE\n  $ airbnb sessions COMMAND\n');
    for (const args of [
      ['sessions', '--help'],
      ['help', 'sessions'],
    ])
      expect(await printed(args)).to.equal(topic);

    const command = await printed(['sessions', 'list', '--help']);
    expect(command).to.contain('USAGE\n  $ airbnb sessions list\n');
    for (const args of [
      ['sessions', 'list', '-h'],
      ['--help', 'sessions', 'list'],
      ['help', 'sessions', 'list'],
      ['sessions', 'list', '--nonsense', 'superfluous', '--help'],
      ['--no-input', 'sessions', 'list', '--help'],
    ]) {
      expect(await printed(args)).to.equal(command);
    }
  });

  it('is there for every command, in both languages and on 80 columns', async () => {
    const pages = Object.keys(commandTable).map(async (id) => {
      const args = [...id.split(':'), '--help'];
      const [english, spanish] = await Promise.all([printed(args), printed(args, SPANISH)]);
      expect(english).to.contain('\nUSAGE\n').and.to.contain('\nEXAMPLES\n');
      expect(spanish).to.contain('\nUSO\n').and.to.contain('\nEJEMPLOS\n');
      for (const line of `${english}${spanish}`.split('\n')) {
        expect([...line].length, line).to.be.at.most(80);
      }
    });
    await Promise.all(pages);
  });

  it('shows what is typed behind the sign of the prompt, whatever it begins with', async () => {
    const page = await printed(['login', '--help']);
    expect(page).to.contain('\n    $ airbnb login\n').and.to.contain('\n    $ export AIRBNB_TOKEN=');
  });

  it('is in the language of the environment', async () => {
    expect(await printed([], SPANISH)).to.contain('\nÓRDENES\n');
    expect(await printed([], { ...SPANISH, AIRBNB_LANG: 'en' })).to.contain('\nCOMMANDS\n');
    expect(await printed(['local'], { AIRBNB_LANG: 'es' })).to.contain('\nUSO\n  $ airbnb local ORDEN\n');
  });

  it('prints the exit codes', async () => {
    expect(await printed(['help', 'exit-codes'])).to.match(/^ {2}78 {3}Bad configuration/m);
    expect(await printed(['help', 'exit-codes'], SPANISH)).to.match(/^ {2}78 {3}Configuración incorrecta/m);
  });

  it('has colours on a terminal only, and is as narrow as that', async () => {
    expect(await printed(['login', '--help'])).to.not.contain('\u001b');
    expect(await printed(['login', '--help'], { FORCE_COLOR: '1' })).to.contain('\u001b[1mUSAGE\u001b[22m');

    const terminal = user.terminal(['login', '--help'], { columns: 44, rows: 200 });
    const { code, text } = await terminal.exit();
    expect(code).to.equal(0);
    expect(terminal.raw).to.contain('\u001b[1mUSAGE\u001b[22m');
    for (const line of text.split(/\r?\n/)) expect([...line].length, line).to.be.at.most(44);

    const plain = user.terminal(['login', '--help'], { env: { NO_COLOR: '1' } });
    await plain.exit();
    expect(plain.raw).to.not.contain('\u001b[1m');
  });

  it('reads no settings, and neither starts nor writes anything', async () => {
    await printed(['whoami', '--help'], { REDIS_URL: '', AIRBNB_TOKEN: '', AIRBNB_ENV_FILE: '/missing' });
    expect(existsSync(path.dirname(user.sessionFile))).to.equal(false);
  });

  it('does not exist for what does not exist', async () => {
    for (const args of [
      ['help', 'nothing'],
      ['nothing', '--help'],
      ['sessions', 'nothing', '--help'],
      [''],
      ['help', ''],
      ['sessions', '', '--help'],
    ]) {
      const { code, stdout, stderr } = await user.run(args);
      expect({ code, stdout }, args.join(' ')).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.contain('airbnb --help');
    }
  });

  it('is text for people: with --json it is refused, as JSON', async () => {
    for (const [args, command] of [
      [['--json'], 'airbnb'],
      [['--help', '--json'], 'airbnb --help'],
      [['help', '--json'], 'airbnb help'],
      [['sessions', '--json'], 'airbnb sessions'],
      [['--json', 'sessions'], 'airbnb sessions'],
      [['sessions', '-h', '--json'], 'airbnb sessions --help'],
      [['help', 'exit-codes', '--json'], 'airbnb help exit-codes'],
      [['whoami', '--help', '--json'], 'airbnb whoami --help'],
      [['--json', 'whoami', 'superfluous', '--help'], 'airbnb whoami --help'],
      [['--version', '--json'], 'airbnb --version'],
      [['--json', 'version'], 'airbnb version'],
    ] as const) {
      const failure = jsonFailure(await user.run([...args]));
      expect(failure, args.join(' ')).to.include({ code: 2, reason: 'json_refused', flag: '--json' });
      expect(failure.message).to.contain(`"${command}"`);
    }
  });
});
