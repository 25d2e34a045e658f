import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { newUser, type Running, type User } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { startProxy } from '../support/flight-proxy.ts';
import { holdSession } from '../support/held-session.ts';
import { until } from '../support/until.ts';

/** Says each signal that it is sent, and ends with 5 some moments after SIGTERM or SIGINT. */
const LISTENER = `
const say = (text) => require('node:fs').writeSync(1, text + '\\n');
const end = () => setTimeout(() => process.exit(5), 400);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT']) {
  process.on(signal, () => {
    say('got ' + signal);
    if (signal === 'SIGTERM' || signal === 'SIGINT') end();
  });
}
setTimeout(() => process.exit(99), 20_000);
say('ready');
`;

describe('airbnb exec and signals', () => {
  let user: User;
  let listener: string[];
  before(async () => {
    user = await newUser();
    await holdSession(user, { ttl: 600 });
    const file = path.join(user.folders.work, 'listener.cjs');
    await writeFile(file, LISTENER);
    listener = ['exec', '--', process.execPath, file];
  });
  after(() => user.dispose());

  const count = (text: string, part: string) => text.split(part).length - 1;

  async function begun(args = listener): Promise<Running> {
    const running = user.start(args);
    await until('it runs', async () => running.output.stdout.includes('ready'));
    return running;
  }

  describe('without a terminal', () => {
    it('passes each on that it is sent, once', async () => {
      const running = await begun();
      for (const signal of ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
        running.child.kill(signal);
        await until(signal, async () => running.output.stdout.includes(`got ${signal}`));
      }
      running.child.kill('SIGTERM');
      const { code, signal, stdout, stderr } = await running.result;
      expect({ code, signal, stderr }).to.deep.equal({ code: 5, signal: null, stderr: '' });
      for (const name of ['HUP', 'QUIT', 'USR1', 'USR2', 'WINCH', 'TERM']) {
        expect(count(stdout, `got SIG${name}\n`), name).to.equal(1);
      }
    });

    it('passes SIGINT on, as a supervisor sends it to airbnb alone', async () => {
      const running = await begun();
      running.child.kill('SIGINT');
      const { code, stdout } = await running.result;
      expect({ code, stdout }).to.deep.equal({ code: 5, stdout: 'ready\ngot SIGINT\n' });
    });

    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
      ['SIGQUIT', 131],
      ['SIGUSR1', 138],
    ] as const) {
      it(`ends with ${code} where ${signal} ends the command`, async function () {
        if (signal === 'SIGUSR1' && process.platform !== 'linux') this.skip();
        const running = await begun(['exec', '--', 'sh', '-c', 'echo ready; exec sleep 20']);
        running.child.kill(signal);
        const result = await running.result;
        expect(result).to.include({ code, signal: null, stdout: 'ready\n', stderr: '' });
      });
    }

    it('passes on all others that are not about airbnb itself, too', async function () {
      if (process.platform !== 'linux') this.skip();
      const names = ['ABRT', 'ALRM', 'STKFLT', 'CONT', 'URG', 'XCPU', 'VTALRM', 'IO', 'PWR'];
      const traps = names.map((name) => `trap 'echo got ${name}' ${name};`).join(' ');
      const running = await begun([
        'exec',
        '--',
        'bash',
        '-c',
        `${traps} trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done`,
      ]);
      for (const name of names) {
        running.child.kill(`SIG${name}` as NodeJS.Signals);
        await until(name, async () => running.output.stdout.includes(`got ${name}\n`));
      }
      running.child.kill('SIGTERM');
      expect(await running.result).to.include({ code: 5, signal: null, stderr: '' });
      for (const name of names) expect(count(running.output.stdout, `got ${name}\n`), name).to.equal(1);
    });

    it('does not let SIGUSR1 open a debugger where it comes before the command runs', async () => {
      const proxy = await startProxy(engines.redisUrl);
      try {
        await using waiting = await newUser({ env: { REDIS_URL: proxy.url } });
        await holdSession(waiting, { claimedUrl: proxy.url });
        await proxy.blackhole();
        const running = waiting.start(['exec', '--', 'true']);
        await until('it asks Redis', async () => proxy.connections > 0);
        running.child.kill('SIGUSR1');
        const { code, stderr } = await running.result;
        expect(code).to.equal(69);
        expect(stderr).to.match(/^Error: Redis cannot be reached/);
      } finally {
        await proxy.close();
      }
    });

    it('waits for a command that ignores them', async () => {
      const running = await begun([
        'exec',
        '--',
        'sh',
        '-c',
        "trap '' INT TERM HUP; echo ready; sleep 1; exit 6",
      ]);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTERM'] as const) {
        running.child.kill(signal);
        await sleep(20);
      }
      expect(await running.result).to.include({ code: 6, signal: null, stderr: '' });
    });

    it('leaves nothing of the command’s own behaviour changed: it has the signals at their defaults', async function () {
      if (process.platform !== 'linux') this.skip();
      const masks = 'grep -E "^Sig(Ign|Blk|Cgt)" /proc/self/status';
      const direct = await user.runShell(masks);
      const { stdout } = await user.run(['exec', '--', 'sh', '-c', masks]);
      expect(stdout).to.equal(direct.stdout);
    });
  });

  describe('at a terminal', () => {
    it('leaves Ctrl-C to the terminal, which sends it to the command: once', async () => {
      const terminal = user.terminal(listener);
      await terminal.expect(/ready/);
      terminal.press('ctrl-c');
      const { code, text } = await terminal.exit();
      expect(code).to.equal(5);
      expect(count(text, 'got SIGINT')).to.equal(1);
    });

    it('leaves Ctrl-C to the terminal where a script of the shell runs it', async () => {
      const terminal = user.shellTerminal(
        `trap : INT; airbnb ${listener.join(' ')} < /dev/null; echo "code $?"`,
      );
      await terminal.expect(/ready/);
      terminal.press('ctrl-c');
      await terminal.expect(/code 5/);
      expect(count((await terminal.exit()).text, 'got SIGINT')).to.equal(1);
    });

    it('ends with 130 where Ctrl-C ends the command, and says nothing', async () => {
      const terminal = user.terminal(['exec', '--', 'sh', '-c', 'echo ready; exec sleep 20']);
      await terminal.expect(/ready/);
      terminal.press('ctrl-c');
      const { code, text } = await terminal.exit();
      expect(code).to.equal(130);
      expect(text.replace('^C', '').trim()).to.equal('ready');
    });

    it('does not end before a command that goes on after Ctrl-C', async () => {
      const script =
        "trap 'echo caught; caught=1' INT; echo ready; until [ $caught ]; do sleep 0.1; done; echo and goes on; exit 4";
      const terminal = user.terminal(['exec', '--', 'sh', '-c', script]);
      await terminal.expect(/ready/);
      terminal.press('ctrl-c');
      await terminal.expect(/caught/);
      await terminal.expect(/and goes on/);
      expect((await terminal.exit()).code).to.equal(4);
    });

    it('passes on what is sent to airbnb alone', async () => {
      const terminal = user.terminal(listener);
      await terminal.expect(/ready/);
      for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGTERM'] as const) {
        process.kill(terminal.pid, signal);
        await terminal.expect(new RegExp(`got ${signal}`));
      }
      const { code, text } = await terminal.exit();
      expect(code).to.equal(5);
      expect(count(text, 'got SIG')).to.equal(3);
    });

    it('is stopped by Ctrl-Z with the command, and goes on with it', async () => {
      const terminal = user.shellTerminal(
        `set -m; airbnb ${listener.join(' ')}; echo "has stopped"; fg; echo "code $?"`,
      );
      await terminal.expect(/ready/);
      terminal.press('ctrl-z');
      await terminal.expect(/has stopped/);
      await terminal.expect(/got SIGCONT/);
      terminal.press('ctrl-c');
      await terminal.expect(/got SIGINT/);
      await terminal.expect(/code 5/);
      await terminal.exit();
    });

    it('hands the terminal to a shell with jobs of its own', async () => {
      const terminal = user.terminal(['exec', '--', 'sh', '-i'], { env: { PS1: 'inner> ', ENV: '' } });
      await terminal.expect(/inner> /);
      terminal.answer('sleep 20');
      await sleep(300);
      terminal.press('ctrl-c');
      await terminal.expect(/inner> /);
      terminal.answer('printf %s "$AIRBNB_TOKEN" | wc -c; exit 8');
      await terminal.expect(/\n\s*43\b/);
      expect((await terminal.exit()).code).to.equal(8);
    });
  });
});
