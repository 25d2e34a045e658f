import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareSync, hashSync } from 'bcrypt';
import { newAccount } from '../test/support/accounts.ts';
import { startPostgres, startRedis } from './bench-engines.ts';
import { signedInUser } from './signed-in-user.ts';
import { measureInTurn } from './statistics.ts';
import { table } from './table.ts';

const ROOT = join(__dirname, '..');
const BINARY = join(ROOT, 'bin', 'run.js');
const ROUNDS = 30;
const WARM_UP = 3;

/**
 * What `airbnb` costs over an empty program of the same Node: signed in by the token file, output piped, Redis on
 * loopback, all in turn. A first run on another Node than the build's is one that finds no compiled code.
 */
export async function startup(): Promise<string> {
  const [{ engine, name }, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const user = await signedInUser(engine.url);
  const codeless = packageWithoutCode();
  try {
    const cache = join(codeless, 'cache');
    const env = { ...user.env, DATABASE_URL: postgres.url };
    const run = (args: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) => {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: 'pipe', ...options });
      const took = performance.now() - start;
      if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}: ${stderr}`);
      return took;
    };
    const { email, password, nombre } = newAccount();
    run([BINARY, 'register', '--email', email, '--nombre', nombre, '--password-stdin'], { input: password });
    // Signed in by a file of its own, so that the others keep the session that they began with.
    const login = { input: password, env: { ...env, AIRBNB_SESSION_FILE: join(codeless, 'session') } };
    const subjects = {
      'node -e 0': () => run(['-e', '0']),
      'airbnb whoami': () => run([BINARY, 'whoami']),
      'airbnb sessions list': () => run([BINARY, 'sessions', 'list']),
      'airbnb --help': () => run([BINARY, '--help']),
      'TAB behind "airbnb sess"': () => run([BINARY, '__complete', 'bash', 'airbnb sess', 'sess']),
      'TAB behind "airbnb sessions revoke "': () =>
        run([BINARY, '__complete', 'zsh', 'sessions', 'revoke', '']),
      'airbnb login, less one bcrypt': () =>
        run([BINARY, 'login', '--email', email, '--password-stdin'], login) - oneBcrypt(password),
      'airbnb whoami, the first on another Node': () => {
        rmSync(cache, { recursive: true, force: true });
        return run([join(codeless, 'bin', 'run.js'), 'whoami'], { env: { ...env, XDG_CACHE_HOME: cache } });
      },
    };
    await measureInTurn(WARM_UP, subjects);
    const measured = await measureInTurn(ROUNDS, subjects);
    const rows = [...measured].map(([what, { median, ratio }]) => [
      what,
      median.toFixed(1),
      ratio.toFixed(2),
    ]);
    return `Start-up, medians of ${ROUNDS} runs (${name})\n\n${table(['', 'ms', 'ratio'], rows)}`;
  } finally {
    rmSync(codeless, { recursive: true });
    await user.remove();
    await Promise.all([engine.dispose(), postgres.dispose()]);
  }
}

/** What an installation looks like to a Node that it was not built by. */
function packageWithoutCode(): string {
  const folder = mkdtempSync(join(tmpdir(), 'airbnb-bench-'));
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const dist = join(folder, 'dist');
  for (const file of readdirSync(dist)) if (file.endsWith('.code')) rmSync(join(dist, file));
  return folder;
}

/** Milliseconds that it takes to try a password, which is slow on purpose, at the cost of every account. */
function oneBcrypt(password: string): number {
  hash ??= hashSync(password, 12);
  const start = performance.now();
  compareSync(password, hash);
  return performance.now() - start;
}

let hash: string | undefined;
