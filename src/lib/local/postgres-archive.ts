import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/*
 * An initialised and migrated database as one file. Unpacking it takes a tenth of the time and memory of
 * PostgreSQL's initdb, so the build makes one, and a new database begins as a copy of it.
 */

/** Name of the archive, beside the script that runs the host. */
export const archiveName = 'embedded-postgres.tar.br';

const block = 512;

/**
 * Makes the archive. It takes some seconds and 800 MB.
 * @param target path of the file to write
 */
export async function makeArchive(target: string): Promise<void> {
  const [{ PGlite }, { migratePGlite }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('./pglite-schema.ts'),
  ]);
  const db = await PGlite.create();
  await migratePGlite(db);
  await db.exec('VACUUM FREEZE');
  await db.exec('CHECKPOINT');
  const tar = Buffer.from(await (await db.dumpDataDir('none')).arrayBuffer());
  await db.close();
  // The window spans the template databases, which are copies of each other.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(target, brotliCompressSync(tar, { params }));
}

/**
 * Writes the files of an archive into a folder, which must exist.
 * @throws the error of the file system, or an Error if the archive is damaged.
 */
export function unpackArchive(archive: string, folder: string): void {
  const tar = brotliDecompressSync(readFileSync(archive));
  const made = new Set<string>();
  for (let at = 0; at + block <= tar.length && tar[at] !== 0; ) {
    const name = textAt(tar, at, 100);
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8);
    const isFolder = textAt(tar, at + 156, 1) === '5';
    if (!Number.isSafeInteger(size) || name.split('/').includes('..')) throw new Error('damaged archive');
    const path = join(folder, name);
    const parent = isFolder ? path : dirname(path);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true, mode: 0o700 });
    made.add(parent);
    const start = at + block;
    if (!isFolder) writeFileSync(path, tar.subarray(start, start + size), { mode: 0o600 });
    at = start + Math.ceil(size / block) * block;
  }
}

/** A text field of a tar header, which ends at its length or at a NUL. */
function textAt(tar: Buffer, start: number, length: number): string {
  const field = tar.toString('latin1', start, start + length);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}
