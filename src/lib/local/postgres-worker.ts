import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import { migratePGlite } from './pglite-schema.ts';
import { unpackArchive } from './postgres-archive.ts';
import type { PGliteWorkerData, WorkerCommand, WorkerReport } from './postgres-backend.ts';

/*
 * The thread that PostgreSQL runs in. It is busy while it computes, so the thread of Valkey must not be this
 * one.
 */

/**
 * Opens the database that the thread was started for, brings it to the newest schema, and does what the
 * host's thread asks for until that asks to close it.
 */
export async function runPostgresWorker(): Promise<void> {
  const { folder, archive, replaceBy } = workerData as PGliteWorkerData;
  const report = (message: WorkerReport, transfer: ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer);
  let db: PGlite;
  try {
    if (replaceBy !== undefined) await beginAnew(folder, archive, replaceBy);
    else if (!existsSync(folder)) await makeDatabase(folder, archive);
    db = await openDatabase(folder);
  } catch (error) {
    report({ kind: 'failed', message: errorText(error) });
    return;
  }
  try {
    await migratePGlite(db);
  } catch (error) {
    // It may be the schema of a newer release. Commands find out by themselves whether they can use it.
    report({ kind: 'not_migrated', message: errorText(error) });
  }
  report({ kind: 'ready' });

  parentPort?.on('message', async (command: WorkerCommand) => {
    if (command.kind === 'close') {
      await db.close().catch(() => {});
      report({ kind: 'closed' });
      return;
    }
    try {
      const reply = await execute(db, command.bytes);
      report({ kind: 'answer', reply, inTransaction: db.isInTransaction() }, [reply.buffer as ArrayBuffer]);
    } catch (error) {
      report({ kind: 'failed', message: errorText(error) });
    }
  });
}

async function execute(db: PGlite, bytes: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  // The parts are views of the engine's memory, which it reuses.
  await db.execProtocolRawStream(bytes, { onRawData: (part) => void parts.push(part.slice()) });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : new Uint8Array(Buffer.concat(parts));
}

/** @throws Error if the folder holds no database, or one that PostgreSQL cannot open. */
async function openDatabase(folder: string): Promise<PGlite> {
  // PostgreSQL's own initdb would run in a folder without this file.
  if (!existsSync(join(folder, 'PG_VERSION'))) throw new Error('not a database: PG_VERSION is missing');
  // Left by a host that was killed. That it is gone is known from the host's lock.
  rmSync(join(folder, 'postmaster.pid'), { force: true });
  const { PGlite } = await import('@electric-sql/pglite');
  return PGlite.create(folder);
}

/** Makes a database. It appears under its name only when it is whole. */
async function makeDatabase(folder: string, archive: string): Promise<void> {
  const draft = `${folder}.new`;
  const removeDraft = () => rmSync(draft, { recursive: true, force: true });
  removeDraft();
  try {
    if (existsSync(archive)) {
      mkdirSync(draft, { mode: 0o700 });
      unpackArchive(archive, draft);
    } else {
      const { PGlite } = await import('@electric-sql/pglite');
      await (await PGlite.create(draft)).close();
    }
    renameSync(draft, folder);
  } catch (error) {
    // What was written so far may be all that the disk had room for.
    removeDraft();
    throw error;
  }
}

/**
 * Puts a new database in the place of one that cannot be opened, which is kept under another name. That is
 * done only once a new one has been made and opened, so that a full disk or too little memory does not pass
 * for damage.
 */
async function beginAnew(folder: string, archive: string, aside: string): Promise<void> {
  const trial = `${folder}.trial`;
  rmSync(trial, { recursive: true, force: true });
  await makeDatabase(trial, archive);
  await (await openDatabase(trial)).close();
  renameSync(folder, aside);
  renameSync(trial, folder);
}

/** What went wrong while no client was served yet: nothing of what users sent is in it. */
function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
