/**
 * Runs the suite: `npm test`, or `npm test -- test/lib --grep session` for a part of it.
 *
 * It runs in a temporary home with none of our variables, nor those of Redis and PostgreSQL, from outside, so that it
 * touches nobody's servers or files, also in a checkout that is configured. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireNativeServers } from '../test/support/engines/native.ts';
import { harmlessEnvironment } from '../test/support/harmless-environment.ts';
import { leftoversOf } from '../test/support/leftovers.ts';
import type { Totals } from '../test/support/totals-reporter.ts';
import { makeUserFolders, type UserFolders } from '../test/support/user-folders.ts';
import { ensureBuild } from './ensure-build.ts';
import { installShells } from './install-shells.ts';

const ROOT = join(__dirname, '..');
const MINUTE = 60_000;
/** Files of tests at a time: most of what they do is to run commands. More would only wait for the shared engines. */
const MOST_JOBS = 4;
const LIMIT = process.env.AIRBNB_TEST_FULL === '1' ? 90 * MINUTE : 30 * MINUTE;

async function main(args: string[]): Promise<void> {
  if (process.env.AIRBNB_TEST_ENGINES === 'servers') {
    requireNativeServers();
    installShells(complain);
  }
  ensureBuild();
  // macOS has a temporary folder of so long a name that no socket fits into it.
  const folders = await makeUserFolders(process.platform === 'darwin' ? '/tmp' : tmpdir());
  // As root we start PostgreSQL as another user, who has to get to its folder in there.
  for (const folder of [folders.root, folders.env.TMPDIR ?? '']) chmodSync(folder, 0o711);
  try {
    report(await runMocha(args, folders));
  } finally {
    await folders.remove();
  }
}

async function runMocha(args: string[], folders: UserFolders): Promise<Totals> {
  const totalsFile = join(folders.root, 'totals.json');
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const jobs = ['--parallel', '--jobs', String(Math.min(availableParallelism(), MOST_JOBS))];
  const child = spawn(process.execPath, [mocha, ...jobs, ...withTests(args)], {
    cwd: ROOT,
    env: { ...harmlessEnvironment(process.env), ...folders.env, AIRBNB_TEST_TOTALS: totalsFile },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // An interrupt reaches mocha as well, and then this goes on to clean up.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const limit = setTimeout(() => {
    complain(`The suite took longer than ${LIMIT / MINUTE} minutes.`);
    child.kill('SIGTERM');
  }, LIMIT);
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  clearTimeout(limit);

  const totals = readTotals(totalsFile);
  const left = await leftoversOf(folders.root);
  for (const { pid, command } of left) {
    complain(`Left running: ${pid} ${command}`);
    process.kill(pid, 'SIGKILL');
  }
  // A run that broke down, or left something behind, failed even if every test in it passed.
  const sound = totals.failed > 0 || (status === 0 && left.length === 0);
  return sound ? totals : { ...totals, failed: 1 };
}

/** Folders stand for the tests in them, and no path at all for all of them. */
function withTests(args: string[]): string[] {
  const isFolder = (arg: string) =>
    statSync(join(ROOT, arg), { throwIfNoEntry: false })?.isDirectory() ?? false;
  const tests = args.map((arg) => (isFolder(arg) ? join(arg, '**', '*.test.ts') : arg));
  return tests.some((arg) => /^(\.\/)?test\//.test(arg)) ? tests : ['test/**/*.test.ts', ...tests];
}

function readTotals(file: string): Totals {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // It did not get to its end.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function report({ passed, failed, skipped }: Totals): void {
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
