import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { newUser, type Result, type User } from '../support/cli.ts';

/** Where the script of each shell goes, and the start-up file that loads it. */
const PLACES = {
  bash: { script: '.local/share/bash-completion/completions/airbnb', startUp: '.bashrc' },
  zsh: { script: '.local/share/zsh/site-functions/_airbnb', startUp: '.zshrc' },
  fish: { script: '.config/fish/completions/airbnb.fish', startUp: undefined },
} as const;

type Shell = keyof typeof PLACES;
const shells = Object.keys(PLACES) as Shell[];

describe('airbnb completion', () => {
  let user: User;
  beforeEach(async () => {
    user = await newUser({ configured: false });
  });
  afterEach(() => user.dispose());

  const at = (file: string) => path.join(user.home, file);
  const read = (file: string) => readFile(at(file), 'utf8');
  const exists = (file: string) =>
    lstat(at(file)).then(
      () => true,
      () => false,
    );

  async function done(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
    const result = await user.run(['completion', ...args], { env });
    expect({ code: result.code, stderr: result.stderr }, args.join(' ')).to.deep.equal({
      code: 0,
      stderr: '',
    });
    return result;
  }

  async function refused(args: string[], code: number, message: RegExp): Promise<void> {
    const result = await user.run(['completion', ...args]);
    expect(result.code).to.equal(code);
    expect(result.stdout).to.equal('');
    expect(result.stderr).to.match(message);
  }

  /** All files of the home with what they hold. */
  async function snapshot(): Promise<Record<string, string>> {
    const entries = await readdir(user.home, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes('.cache'));
    const held = await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const file = path.join(parentPath, name);
        return [
          path.relative(user.home, file),
          `${(await stat(file)).mode} ${await readFile(file, 'latin1')}`,
        ];
      }),
    );
    return Object.fromEntries(held);
  }

  for (const shell of shells) {
    it(`prints the script for ${shell}, with a configuration that is broken too`, async () => {
      const { stdout } = await done([shell]);
      expect(stdout).to.contain('airbnb __complete').and.to.match(/\n$/);
      for (const broken of [{ REDIS_URL: '' }, { AIRBNB_STRICT: 'yes' }, { AIRBNB_ENV_FILE: '/nowhere' }]) {
        expect((await done([shell], broken)).stdout).to.equal(stdout);
      }
      expect(await snapshot()).to.deep.equal({});
    });

    it(`installs it for ${shell} and says what it did; twice is the same as once`, async () => {
      const { script, startUp } = PLACES[shell];
      const first = await done([shell, '--install']);
      expect(first.stdout).to.contain(at(script)).and.to.contain(`open one, or type "exec ${shell}"`);
      expect(await read(script)).to.equal((await done([shell])).stdout);
      if (startUp) {
        expect(first.stdout).to.contain(at(startUp));
        expect(await read(startUp)).to.contain('# >>> airbnb completion >>>');
      }
      const once = await snapshot();
      const second = await done([shell, '--install']);
      expect(second.stdout).to.contain(`Already there: ${at(script)}`);
      expect(await snapshot()).to.deep.equal(once);
    });

    it(`takes away for ${shell} what it put, and nothing else`, async () => {
      await mkdir(at('.config/fish/completions'), { recursive: true });
      const others = {
        '.bashrc': 'PS1=\xff',
        '.zshrc': '\n\nbindkey -e\n\n',
        '.config/fish/completions/git.fish': '#',
      };
      for (const [file, text] of Object.entries(others))
        await writeFile(at(file), text, { mode: 0o600, encoding: 'latin1' });
      const before = await snapshot();
      await done([shell, '--install']);
      expect(await snapshot()).to.not.deep.equal(before);
      await done([shell, '--uninstall']);
      expect(await snapshot()).to.deep.equal(before);
      const { stdout } = await done([shell, '--uninstall']);
      expect(stdout).to.contain('Not there: ');
      expect(await snapshot()).to.deep.equal(before);
    });

    it(`leaves the home of a user of ${shell} without files as it was`, async () => {
      await done([shell, '--install']);
      await done([shell, '--uninstall']);
      expect(await snapshot()).to.deep.equal({});
    });
  }

  it('writes through a link to the file that it leads to', async () => {
    await mkdir(at('dotfiles'));
    await writeFile(at('dotfiles/bashrc'), 'PS1=x\n');
    await chmod(at('dotfiles/bashrc'), 0o662);
    await symlink('dotfiles/bashrc', at('.bashrc'));
    await done(['bash', '--install']);
    expect((await lstat(at('.bashrc'))).isSymbolicLink()).to.equal(true);
    expect(await read('dotfiles/bashrc')).to.contain('airbnb completion');
    expect((await stat(at('dotfiles/bashrc'))).mode & 0o777).to.equal(0o662);
    await done(['bash', '--uninstall']);
    expect(await read('dotfiles/bashrc')).to.equal('PS1=x\n');
    expect((await lstat(at('.bashrc'))).isSymbolicLink()).to.equal(true);
    expect(await readdir(at('dotfiles'))).to.deep.equal(['bashrc']);
  });

  it('takes away a link of somebody’s to the script, and not what that leads to', async () => {
    await done(['fish', '--install']);
    const { script } = PLACES.fish;
    await rename(at(script), at('kept.fish'));
    await symlink(at('kept.fish'), at(script));
    await done(['fish', '--uninstall']);
    expect(await exists(script)).to.equal(false);
    expect(await exists('kept.fish')).to.equal(true);
  });

  it('changes nothing where a file is read-only, a link leads nowhere, or a folder is in the way', async () => {
    await writeFile(at('.bashrc'), 'PS1=x\n');
    await chmod(at('.bashrc'), 0o444);
    const before = await snapshot();
    await refused(
      ['bash', '--install'],
      1,
      /^Error: The file \S+\.bashrc is read-only; nothing was changed\.\n.+\n$/,
    );
    expect(await snapshot()).to.deep.equal(before);

    await rm(at('.bashrc'));
    await symlink('nowhere', at('.bashrc'));
    await refused(['bash', '--install'], 1, /^Error: The link \S+\.bashrc leads nowhere/);
    await rm(at('.bashrc'));
    await mkdir(at('.bashrc'));
    await refused(['bash', '--install'], 1, /^Error: \S+\.bashrc is not a file/);
    await mkdir(at('.local'), { recursive: true });
    await writeFile(at('.local/share'), '');
    await refused(['zsh', '--install'], 1, /^Error: The file \S+_airbnb could not be changed \(ENOTDIR\)/);
    expect(await exists('.zshrc')).to.equal(false);
  });

  it('leaves a script alone that is not its own', async () => {
    const { script } = PLACES.fish;
    await mkdir(path.dirname(at(script)), { recursive: true });
    await writeFile(at(script), 'complete -c airbnb -a mine\n');
    for (const flag of ['--install', '--uninstall']) {
      await refused(
        ['fish', flag],
        1,
        /^Error: The file \S+airbnb\.fish is not of "airbnb completion --install"/,
      );
    }
    expect(await read(script)).to.equal('complete -c airbnb -a mine\n');
  });

  it('looks where the environment says', async () => {
    const env = {
      BASH_COMPLETION_USER_DIR: at('bc'),
      ZDOTDIR: at("z'dot ñ $HOME"),
      XDG_DATA_HOME: at('data'),
    };
    await done(['bash', '--install'], env);
    expect(await exists('bc/completions/airbnb')).to.equal(true);
    await mkdir(env.ZDOTDIR);
    await done(['zsh', '--install'], env);
    expect(await exists('data/zsh/site-functions/_airbnb')).to.equal(true);
    expect(await exists("z'dot ñ $HOME/.zshrc")).to.equal(true);
    await done(['fish', '--install'], { XDG_CONFIG_HOME: at('config') });
    expect(await exists('config/fish/completions/airbnb.fish')).to.equal(true);
  });

  it('puts lines into .bashrc that other shells survive, and paths with quotes too', async () => {
    await done(['bash', '--install'], { XDG_DATA_HOME: at("it's $(here) ñ") });
    for (const shell of ['sh', 'bash']) {
      execFileSync(shell, ['-c', `set -e; . '${at('.bashrc')}' || true`], { stdio: 'pipe' });
    }
    const printed = execFileSync('bash', ['-c', `. '${at('.bashrc')}'; complete -p airbnb`], {
      encoding: 'utf8',
    });
    expect(printed).to.equal('complete -F _airbnb airbnb\n');
  });

  it('is wrong usage without a shell, with an unknown one, with both flags and with --json', async () => {
    await refused([], 2, /^Error: The argument SHELL is missing\.\nPossible values: bash, zsh, fish\. /);
    await refused(['tcsh'], 2, /Possible values: bash, zsh, fish\./);
    await refused(['bash', '--install', '--uninstall'], 2, /--install/);
    const { code, json } = await user.run(['completion', 'bash', '--json']);
    expect(code).to.equal(2);
    expect(json().error.reason).to.equal('json_refused');
  });

  it('is silent at TAB about whatever is wrong', async () => {
    for (const args of [
      [],
      ['tcsh', ''],
      ['bash'],
      ['bash', 'airbnb sessions revoke ', ''],
      ['fish'],
      ['zsh', ''],
    ]) {
      const { code, stderr } = await user.run(['__complete', ...args], { env: { REDIS_URL: 'nonsense' } });
      expect({ code, stderr }, args.join(' ')).to.deep.equal({ code: 0, stderr: '' });
    }
  });
});
