import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isIdentity, type ProcessIdentity } from './process-identity.ts';

/**
 * What a client and a host must agree on: the names of the sockets, the record, and the schema that a running
 * PostgreSQL part was brought to when it started. Raise it when a client of the new version cannot use a host
 * of the old one, so also with every new migration.
 */
export const hostProtocol = 2;

/** Where the PostgreSQL part stands; it starts when its first client connects. */
export type PostgresState = 'off' | 'starting' | 'ready' | 'failed';

/** What a host says about itself, in the data folder that it serves, from when it answers to when it ends. */
export interface HostRecord extends ProcessIdentity {
  readonly protocol: number;
  /** Random for each host: sessions of another run are gone. */
  readonly run: string;
  readonly redisSocket: string;
  readonly postgresSocket: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly postgres: PostgresState;
  /** Where a database that could not be opened has been moved, if that happened in this run. */
  readonly setAside?: string;
}

/** The names of the files in a data folder. */
export function filesIn(dataFolder: string) {
  return {
    record: join(dataFolder, 'host.json'),
    /** Held by a host for as long as it lives. */
    hostLock: join(dataFolder, 'host.lock'),
    /** Held by the command that starts a host, until it answers. */
    startLock: join(dataFolder, 'start.lock'),
    postgres: join(dataFolder, 'postgres'),
  };
}

/** The record in a data folder, or undefined if there is none that can be read. Says nothing about who lives. */
export function readRecord(dataFolder: string): HostRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(filesIn(dataFolder).record, 'utf8')) as Partial<HostRecord>;
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the record in one step. */
export function writeRecord(dataFolder: string, record: HostRecord): void {
  const path = filesIn(dataFolder).record;
  const draft = `${path}.${record.run}.tmp`;
  try {
    writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function isRecord(record: Partial<HostRecord>): record is HostRecord {
  const { protocol, run, redisSocket, postgresSocket, startedAt } = record;
  if (!isIdentity(record) || typeof protocol !== 'number') return false;
  return [run, redisSocket, postgresSocket, startedAt].every((text) => typeof text === 'string');
}
