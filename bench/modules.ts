import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from './bench-engines.ts';
import { signedInUser } from './signed-in-user.ts';
import { table } from './table.ts';

const ROOT = join(__dirname, '..');

/** What a command has loaded when it ends. */
export interface Loaded {
  /** Paths of CommonJS modules, ours. */
  readonly files: readonly string[];
  /** Modules of Node's own that we asked for, and those that these asked for. */
  readonly builtins: readonly string[];
}

const HOOK = `process.once('exit', () => {
  const builtins = process.moduleLoadList.filter((each) => each.startsWith('NativeModule '));
  const loaded = { files: Object.keys(require.cache), builtins };
  require('node:fs').writeFileSync(process.env.LOADED, JSON.stringify(loaded));
});`;

/** Runs Node with arguments and says what it has loaded. @throws Error where it fails */
export function loadedBy(args: readonly string[], env: NodeJS.ProcessEnv): Loaded {
  const folder = mkdtempSync(join(tmpdir(), 'airbnb-bench-'));
  const [hook, list] = [join(folder, 'hook.cjs'), join(folder, 'loaded')];
  writeFileSync(hook, HOOK);
  try {
    const { status, stderr } = spawnSync(process.execPath, ['--require', hook, ...args], {
      env: { ...env, LOADED: list },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}: ${stderr}`);
    const { files, builtins } = JSON.parse(readFileSync(list, 'utf8')) as Loaded;
    return { files: files.filter((file) => file !== hook), builtins };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How much whoami loads, and how large it is. */
export async function modules(): Promise<string> {
  const { engine } = await startRedis();
  try {
    const user = await signedInUser(engine.url);
    try {
      const empty = loadedBy(['-e', '0'], user.env);
      const { files, builtins } = loadedBy([join(ROOT, 'bin', 'run.js'), 'whoami'], user.env);
      const heavy = files.filter((file) => HEAVY.test(file));
      const rows = [
        ['files by require()', String(files.length)],
        ["modules of Node's, beyond an empty program", String(builtins.length - empty.builtins.length)],
        ['of pg, kysely, bcrypt and the engines', String(heavy.length)],
        ...bundleSizes().map(({ file, bytes }) => [`${file}, bytes`, bytes.toLocaleString('en')]),
      ];
      return `What whoami loads\n\n${table(['', ''], rows)}`;
    } finally {
      await user.remove();
    }
  } finally {
    await engine.dispose();
  }
}

/** The program that whoami runs, and the compiled code that goes with it. */
export function bundleSizes(): { file: string; bytes: number }[] {
  const dist = join(ROOT, 'dist');
  return readdirSync(dist)
    .filter((name) => /^(cli|run-command)\b.*\.(js|code)$/.test(name))
    .sort()
    .map((name) => ({
      file: name.replace(/-[0-9a-f]{16}-.*\./, '.'),
      bytes: statSync(join(dist, name)).size,
    }));
}

/** What belongs to accounts and to the embedded engines. */
export const HEAVY = /database\.js|bcrypt|kysely|[\\/]pg[\\/]|pglite|valkey/;
