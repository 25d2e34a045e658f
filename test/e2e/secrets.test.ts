import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { newUser, type RunOptions, type User } from '../support/cli.ts';
import { processesOf } from '../support/leftovers.ts';
import { readTokenFile } from '../support/token-file.ts';

const OLD = 'xk%old-secret "quoted" $HOME';
const NEW = "xk%new-secret 'quoted' `id`";
const WRONG = 'xk%wrong-secret';
/** A secret of somebody’s CI, of which we know nothing. */
const FOREIGN = 'xk%foreign-secret';
const EMAIL = 'whisper@example.com';

describe('secrets', () => {
  /** The whole job on the embedded engines, and all that was printed, by streams. */
  async function wholeJob(user: User, options: RunOptions = {}) {
    const printed: string[] = [];
    const tokens: string[] = [];
    const run = async (args: string[], input = '', env: NodeJS.ProcessEnv = {}) => {
      const all = { FOREIGN_SECRET: FOREIGN, ...options.env, ...env };
      const { stdout, stderr } = await user.run(args, { input, env: all });
      printed.push(stdout, stderr);
    };
    const credentials = ['--email', EMAIL, '--password-stdin'];
    await run(['register', ...credentials, '--nombre', 'W'], OLD);
    for (const flags of [[], ['--json']]) {
      await run(['login', ...credentials, ...flags], WRONG);
      await run(['login', ...credentials, ...flags], OLD);
      tokens.push((await readTokenFile(user)).token);
      await run(['whoami', ...flags]);
      await run(['sessions', 'list', ...flags]);
      await run(['sessions', 'revoke', tokens[0] as string, ...flags]);
      await run(['whoami', `--token=${tokens[0]}`, ...flags]);
      await run(['doctor', ...flags]);
      await run(['local', 'status', ...flags]);
      await run(['whoami', ...flags], '', { AIRBNB_TOKEN: `${tokens[0]}x` });
    }
    await run(['password', '--password-stdin'], `${WRONG}\n${NEW}\n`);
    await run(['password', '--password-stdin'], `${OLD}\n${NEW}\n`);
    await run(['db', 'set-password', ...credentials], OLD);
    return { printed, tokens };
  }

  async function filesBelow(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
  }

  it('are in no output, argument, environment or file but the token file, with tracing and DEBUG', async function () {
    this.timeout(40_000);
    await using user = await newUser({ configured: false });
    const env = { AIRBNB_TRACE: '1', DEBUG: '*', AIRBNB_DEBUG: '1' };
    const { printed, tokens } = await wholeJob(user, { env });
    const secrets = ['xk%', ...tokens, '$2b$12$'];
    for (const text of printed) {
      for (const secret of secrets) expect(text).not.to.contain(secret);
      // What DEBUG makes libraries print.
      expect(text).not.to.match(/ioredis:|config:|\bbase command\b|require\(/);
    }

    // The host outlives the command: neither its arguments nor its environment may keep a secret alive.
    const hosts = await processesOf(user.folders.root);
    expect(hosts).not.to.deep.equal([]);
    for (const { pid, command } of hosts) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      for (const secret of secrets) expect(command + environment).not.to.contain(secret);
    }

    await user.run(['local', 'stop']);
    const log = (await user.run(['local', 'status', '--json'])).json().log;
    expect(await readFile(log, 'utf8')).not.to.equal('');
    for (const file of await filesBelow(user.folders.root)) {
      if (file === user.sessionFile) continue;
      const content = await readFile(file, 'latin1');
      for (const secret of ['xk%', ...tokens]) expect(content, file).not.to.contain(secret);
    }
  });

  it('are not in the arguments of a command while it runs', async () => {
    await using user = await newUser();
    const running = user.start(['login', '--email', EMAIL, '--password-stdin']);
    running.child.stdin?.end(OLD);
    const seen: string[] = [];
    while (running.child.exitCode === null && running.child.signalCode === null) {
      seen.push(...(await processesOf(user.folders.root)).map(({ command }) => command));
    }
    await running.result;
    expect(seen.join('\n')).to.contain('--password-stdin').and.not.to.contain('xk%');
  });

  it('of a server are not told when it fails', async () => {
    await using user = await newUser();
    const env = {
      REDIS_URL: 'redis://robot:xk%25redis@127.0.0.1:1/0',
      DATABASE_URL: 'postgres://robot:xk%25postgres@127.0.0.1:1/db',
      AIRBNB_TRACE: '1',
      DEBUG: '*',
    };
    await Promise.all(
      [['whoami'], ['login', '--email', EMAIL, '--password-stdin'], ['db', 'status'], ['doctor']].map(
        async (args) => {
          for (const flags of [[], ['--json']]) {
            const { code, stdout, stderr } = await user.run([...args, ...flags], {
              input: OLD,
              env: { ...env, ...(args[0] === 'whoami' ? { AIRBNB_TOKEN: 'F'.repeat(43) } : {}) },
            });
            expect(code, args.join(' ')).to.equal(69);
            expect(stdout + stderr).not.to.match(/xk%|robot|F{43}/);
          }
        },
      ),
    );
  });
});
