import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Account, register, signIn } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { FlightProxy } from '../support/flight-proxy.ts';
import { holdSession, startSession, tokenFileOf } from '../support/held-session.ts';
import { readTokenFile, writeTokenFile } from '../support/token-file.ts';

/** The processes that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

describe('streams and signals', () => {
  let user: User;
  let account: Account;
  before(async () => {
    user = await newUser();
    account = await register(user);
    await signIn(user, account);
  });
  after(() => user.dispose());

  it('stdout carries the result and nothing else, in success and failure', async () => {
    await Promise.all(
      [['whoami'], ['sessions', 'list'], ['db', 'status'], ['doctor'], ['local', 'status']].map(
        async (args) => {
          const text = await user.run(args);
          expect(text, args.join(' ')).to.include({ code: 0, stderr: '' });
          expect(text.stdout).to.match(/\n$/);
          const json = await user.run([...args, '--json']);
          expect(json, args.join(' ')).to.include({ code: 0, stderr: '' });
          expect(json.json()).to.be.an('object').that.does.not.have.property('error');
        },
      ),
    );
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    const failed = await user.run(['whoami'], { env: { ...env, AIRBNB_TOKEN: 'E'.repeat(43) } });
    expect(failed).to.include({ code: 69, stdout: '' });
    expect(failed.stderr.trim().split('\n')).to.have.length(2);
  });

  it('a reader that has seen enough is no error', async () => {
    await Promise.all(
      [
        '{ airbnb sessions list; echo "code $?" >&2; } | head -1',
        '{ airbnb whoami --json; echo "code $?" >&2; } | true',
        '{ airbnb --help; echo "code $?" >&2; } | head -c 1',
        '{ sleep 0.3; airbnb doctor; echo "code $?" >&2; } | true',
      ].map(async (script) => {
        const { code, stderr } = await user.runShell(script);
        expect({ code, stderr }, script).to.deep.equal({ code: 0, stderr: 'code 0\n' });
      }),
    );
  });

  it('a reader of stderr that has gone hides no failure', async () => {
    const { stderr } = await user.runShell(
      '( sleep 0.2; airbnb whoami --nonsense 2>&1 >/dev/null; echo "code $?" >&2 ) | true',
    );
    expect(stderr).to.equal('code 2\n');
  });

  it('a full disk is a failure that is told, not a crash', async function () {
    if (process.platform !== 'linux') this.skip();
    const full = await user.runShell('airbnb sessions list > /dev/full; echo "code $?"');
    expect(full.stdout).to.equal('code 1\n');
    expect(full.stderr).to.match(/^Error: The output could not be written \(ENOSPC\)/);
    const json = await user.runShell('airbnb whoami --json > /dev/full; echo "code $?"');
    expect(json.stdout).to.equal('code 1\n');
  });

  it('a bug that nobody caught is told without what it holds', async () => {
    const bug = path.join(user.home, 'bug.cjs');
    await writeFile(bug, `setTimeout(() => { throw new Error('AUTH some-secret') }, 1)`);
    const env = { NODE_OPTIONS: `--require=${bug}` };
    const text = await user.run(['whoami'], { env });
    expect(text.code).to.equal(1);
    expect(text.stderr).to.contain('bug').and.to.contain('AIRBNB_TRACE=1').and.not.to.contain('secret');
    const traced = await user.run(['whoami'], { env: { ...env, AIRBNB_TRACE: '1' } });
    expect(traced.stderr)
      .to.match(/^trace: internal: Error/)
      .and.to.contain('bug.cjs');
    expect(traced.stderr).not.to.contain('secret');
  });

  it('a closed stdin, stdout or stderr is no crash', async () => {
    const closed = await user.runShell('airbnb whoami <&- > /dev/null; echo "code $?"');
    expect(closed.stdout).to.equal('code 0\n');
    const silent = await user.runShell('airbnb whoami --nonsense 2>&-; echo "code $?"');
    expect(silent.stdout).to.equal('code 2\n');
    expect((await user.runShell('airbnb whoami >&-; echo "code $?" >&2')).stderr).to.match(/^code [01]\n$/m);
  });

  it('SIGINT ends a command with 130 and SIGTERM with 143, and the session holds', async () => {
    const proxy = new FlightProxy(engines.redisUrl);
    await proxy.open();
    try {
      await writeTokenFile(user, tokenFileOf(await startSession(), proxy.url));
      proxy.blackhole();
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        const before = proxy.connections;
        const running = user.start(['whoami'], { env: { REDIS_URL: proxy.url } });
        while (proxy.connections === before) await sleep(10);
        running.child.kill(signal);
        const { stdout, stderr, ...end } = await running.result;
        expect({ code: end.code, stdout, stderr }).to.deep.equal({ code, stdout: '', stderr: '' });
      }
      expect((await readTokenFile(user)).token).to.have.length(43);
    } finally {
      await proxy.close();
      await signIn(user, account);
    }
  });

  describe('at a prompt', () => {
    /** What the terminal is set to, before and after. */
    const withSettings = (command: string) =>
      `before=$(stty -g); ${command}; code=$?; [ "$before" = "$(stty -g)" ] && echo "code $code, restored"`;

    it('Ctrl-C ends with 130 and leaves the terminal as it was', async () => {
      for (const command of ['airbnb login', `airbnb login --email ${account.email}`]) {
        const terminal = user.shellTerminal(withSettings(command));
        await terminal.expect(/E-mail:|Password:/);
        terminal.press('ctrl-c');
        await terminal.expect(/code 130, restored/);
        await terminal.exit();
        // The cursor that was hidden is shown again.
        const shown = terminal.raw.lastIndexOf('\u001b[?25h');
        expect(shown).to.be.at.least(terminal.raw.lastIndexOf('\u001b[?25l'));
        expect(terminal.text).not.to.match(/at .*\.js|ExitPrompt/);
      }
    });

    it('the end of input ends with 130 too', async () => {
      const terminal = user.shellTerminal(withSettings('airbnb login'));
      await terminal.expect(/E-mail:/);
      terminal.press('ctrl-d');
      await terminal.expect(/code 130, restored/);
      await terminal.exit();
    });

    it('the end of input ends with 130 while a connection is open, and shows nothing that is typed', async () => {
      const terminal = user.shellTerminal(withSettings('airbnb password'));
      await terminal.expect(/Old password:/);
      terminal.press('ctrl-d');
      await terminal.expect(/code 130, restored/);
      await terminal.exit();
    });

    it('SIGTERM ends with 143 and leaves the terminal as it was', async () => {
      const terminal = user.shellTerminal(withSettings('airbnb login'));
      await terminal.expect(/E-mail:/);
      const [child] = await childrenOf(terminal.pid);
      process.kill(child as number, 'SIGTERM');
      await terminal.expect(/code 143, restored/);
      await terminal.exit();
    });

    it('in the middle of a question changes nothing', async () => {
      await holdSession(user);
      const terminal = user.terminal(['sessions', 'revoke-all']);
      await terminal.expect(/included\?/);
      terminal.press('ctrl-c');
      expect((await terminal.exit()).code).to.equal(130);
      expect((await user.run(['whoami'])).code).to.equal(0);
    });
  });
});
