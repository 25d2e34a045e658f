import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import packageJson from '../../../package.json';

/**
 * The archive of an initialised and otherwise empty data folder. `initdb` takes seconds and 800 MB, loading
 * this half a second, so it is made once for each version of PGlite and kept where git does not look.
 */
const archive = path.resolve(
  __dirname,
  '../../../node_modules/.cache/airbnb-test',
  `pglite-${packageJson.dependencies['@electric-sql/pglite']}.tar`,
);

/** The archive's content, made now if this is the first time. */
export async function pristineDatabase(): Promise<Blob> {
  try {
    return new Blob([await readFile(archive)]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const database = await PGlite.create();
  // Not compressed: it is read more often than a disk has reason to complain.
  const dump = await database.dumpDataDir('none');
  await database.close();
  await keep(dump);
  return dump;
}

/** Two processes may get here at once: each renames a whole file into place. */
async function keep(dump: Blob): Promise<void> {
  const unfinished = `${archive}.${process.pid}`;
  await mkdir(path.dirname(archive), { recursive: true });
  await writeFile(unfinished, Buffer.from(await dump.arrayBuffer()));
  await rename(unfinished, archive);
}
