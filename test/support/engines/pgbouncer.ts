import { type SpawnOptions, spawn } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { EngineProcess } from './engine-process.ts';
import { freePort, untilReady } from './launching.ts';
import { findProgram, postgresUser } from './native.ts';

/** Whether this machine has a PgBouncer. */
export function hasPgBouncer(): boolean {
  try {
    findProgram('pgbouncer');
    return true;
  } catch {
    return false;
  }
}

/**
 * A PgBouncer in transaction mode before a database of a native PostgreSQL. All of its clients share one connection to
 * the server, so that what one of them leaves in the session meets the next.
 * @param databaseUrl with user and password
 */
export async function startPgBouncer(databaseUrl: string): Promise<EngineProcess> {
  const server = new URL(databaseUrl);
  const port = await freePort();
  const user = await postgresUser();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'airbnb-pgbouncer-'));
  const usersFile = path.join(folder, 'users.txt');
  const settingsFile = path.join(folder, 'pgbouncer.ini');
  await writeFile(usersFile, `"${server.username}" "${server.password}"\n`);
  await writeFile(settingsFile, settings(server, port, usersFile));
  await chmod(folder, 0o755);
  if (user) await chown(folder, user.uid, user.gid);
  const as: SpawnOptions = { cwd: folder, ...user };
  const url = new URL(databaseUrl);
  url.port = String(port);
  return EngineProcess.start({
    port,
    url: url.href,
    launch: () => untilReady(spawn(findProgram('pgbouncer'), [settingsFile], as), () => answers(url.href)),
    // Does not wait for its clients.
    stopSignal: 'SIGTERM',
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}

const settings = (server: URL, port: number, usersFile: string) => `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${usersFile}
pool_mode = transaction
default_pool_size = 1
`;

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
