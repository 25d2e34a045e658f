import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const SOURCES = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
const PRODUCTS = ['dist', 'oclif.manifest.json'];

/** Runs `npm run build` unless what it makes is newer than all that it is made from. Throws if that fails. */
export function ensureBuild(): void {
  if (Math.min(...timesOf(PRODUCTS)) > Math.max(...timesOf(SOURCES))) return;
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('npm run build failed');
}

/** When files were last changed, and folders got or lost one; -Infinity for what is missing. */
function timesOf(names: string[]): number[] {
  return names.flatMap((name) => {
    const path = join(ROOT, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return [Number.NEGATIVE_INFINITY];
    const inside = stat.isDirectory() ? readdirSync(path).map((entry) => join(name, entry)) : [];
    return [stat.mtimeMs, ...timesOf(inside)];
  });
}
