import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { EngineFactory, FreshDatabase, RedisOptions } from './engine-factory.ts';
import { EngineProcess } from './engine-process.ts';
import { freePort, untilReady } from './launching.ts';
import { redisAnswers, secure } from './redis-setup.ts';

const run = promisify(execFile);

/** The machine's own redis-server and PostgreSQL, started by us in temporary folders. */
export const native: EngineFactory = { startRedis, startPostgres: () => startPostgres(), createDatabase };

const PASSWORD = 'postgres';
const urlOf = (port: number, database: string) =>
  `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;

const HOW_TO_INSTALL = `The suite on native servers needs redis-server and PostgreSQL on this machine.
  Debian, Ubuntu:  apt-get install redis-server postgresql
  macOS:           brew install redis postgresql`;

/** Debian keeps PostgreSQL's programs out of PATH, one folder for each version: the newest goes first. */
function debianPostgresFolders(): string[] {
  const parent = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(parent).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => path.join(parent, version, 'bin'));
  } catch {
    return [];
  }
}

/** The path of a server's program; one that is missing is an error that says what to install. */
export function findProgram(...names: string[]): string {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/bin',
    '/usr/sbin',
    ...debianPostgresFolders(),
  ];
  for (const name of names) {
    for (const folder of folders) {
      const candidate = path.join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // The next one.
      }
    }
  }
  throw new Error(`${names[0]} was not found.\n${HOW_TO_INSTALL}`);
}

/** Fails, with what to install, where a server's program is missing. */
export function requireNativeServers(): void {
  findProgram('redis-server', 'valkey-server');
  findProgram('initdb');
  findProgram('postgres');
}

/** Whether this machine has a Redis of its own to start. */
export function hasNativeRedis(): boolean {
  try {
    findProgram('redis-server', 'valkey-server');
    return true;
  } catch {
    return false;
  }
}

function startRedis(options: RedisOptions = {}): Promise<EngineProcess> {
  return startRedisServer({
    // To outlive a killed process, not a power cut.
    settings: options.durable ? ['appendonly yes', 'appendfsync no'] : [],
    prepare: (port) => secure(port, options),
  });
}

export interface RedisServerOptions {
  /** Lines of its configuration, which are written anew at each start. */
  settings?: string[];
  /** Whether it is a sentinel. */
  sentinel?: boolean;
  /** TLS on its port, and no plain TCP. */
  tls?: boolean;
  /** Whether it serves by now, for one that asks for more than a PING. */
  answers?: (port: number) => Promise<boolean>;
  /** Makes one that answers fit for its test, after every start. */
  prepare?: (port: number) => Promise<void>;
}

/** One redis-server, with settings of its own. */
export async function startRedisServer({
  settings = [],
  sentinel = false,
  tls = false,
  answers = redisAnswers,
  prepare,
}: RedisServerOptions): Promise<EngineProcess> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'airbnb-redis-'));
  const file = path.join(folder, 'redis.conf');
  const listen = tls ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
  const storage = sentinel ? [] : ['save ""', 'appendonly no'];
  const lines = ['bind 127.0.0.1', ...listen, `dir ${folder}`, ...storage, ...settings];
  return EngineProcess.start({
    port,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    launch: async () => {
      await writeFile(file, `${lines.join('\n')}\n`);
      const server = findProgram('redis-server', 'valkey-server');
      const child = spawn(server, [file, ...(sentinel ? ['--sentinel'] : [])]);
      return untilReady(child, () => answers(port));
    },
    ...(prepare ? { prepare } : {}),
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}

/** PostgreSQL and PgBouncer refuse to run as root, and Debian's packages bring a user for them. */
export async function postgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

/** What the server's TLS shows, in PEM. */
export interface ServerCertificate {
  key: string;
  cert: string;
}

/** PostgreSQL in a temporary folder, with TLS where it has something to show. */
export async function startPostgres(certificate?: ServerCertificate): Promise<EngineProcess> {
  const port = await freePort();
  const user = await postgresUser();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'airbnb-postgres-'));
  const as: SpawnOptions = { cwd: folder, ...user };
  if (user) await chown(folder, user.uid, user.gid);

  return EngineProcess.start({
    port,
    url: urlOf(port, 'postgres'),
    launch: async () => {
      const data = path.join(folder, 'data');
      if (!existsSync(data)) await initialise(folder, data, as);
      const tls = certificate ? await tlsSettings(certificate, folder, user) : {};
      return launchPostgres(data, port, as, tls);
    },
    // Ends its clients' connections rather than wait for them.
    stopSignal: 'SIGINT',
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}

async function initialise(folder: string, data: string, as: SpawnOptions): Promise<void> {
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
  const locale = ['--encoding=UTF8', '--locale=C'];
  const login = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await run(findProgram('initdb'), [...locale, ...login, '--no-sync', `--pgdata=${data}`], as);
}

/** The key has to be the server's own, and nobody else's to read. */
async function tlsSettings(
  { key, cert }: ServerCertificate,
  folder: string,
  user: { uid: number; gid: number } | undefined,
): Promise<Record<string, string>> {
  const files = {
    ssl_key_file: path.join(folder, 'server.key'),
    ssl_cert_file: path.join(folder, 'server.pem'),
  };
  await writeFile(files.ssl_key_file, key, { mode: 0o600 });
  await writeFile(files.ssl_cert_file, cert);
  if (user) await chown(files.ssl_key_file, user.uid, user.gid);
  return { ssl: 'on', ...files };
}

function launchPostgres(
  data: string,
  port: number,
  as: SpawnOptions,
  more: Record<string, string>,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // The data has to outlive a killed process, not a power cut.
    fsync: 'off',
    max_connections: '200',
    ...more,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(findProgram('postgres'), ['-D', data, '-p', String(port), ...options], as);
  return untilReady(child, () => postgresAnswers(port));
}

async function postgresAnswers(port: number): Promise<boolean> {
  try {
    await statement(urlOf(port, 'postgres'), 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

/** A fresh one is one more in the same server. */
async function createDatabase(url: string): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await statement(url, `CREATE DATABASE ${name} TEMPLATE template0`);
  return {
    url: urlOf(Number(new URL(url).port), name),
    drop: () => statement(url, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function statement(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // A server that goes away while we are connected is seen by the next call.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
