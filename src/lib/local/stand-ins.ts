import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalEngines, type LocalEnginesOptions, type LocalHost } from './local-engines.ts';
import { checkPrivateFolder } from './local-folders.ts';

/** Holds the name of the server, beside the files of the host. */
const NAME_FILE = 'server';

/**
 * An embedded Valkey in the place of one Redis that cannot be reached. It has a folder, a process and a socket of its
 * own, shared neither with another server's stand-in nor with the embedded engines: user 1 here is user 1 of the
 * database that belongs to that server. The PostgreSQL of its host never starts, as nobody connects to it.
 */
export class StandIn {
  /** The server that it stands in for, as token files name it; holds no credentials. */
  readonly server: string;
  readonly engines: LocalEngines;
  readonly #folder: string;

  constructor(server: string, options: LocalEnginesOptions) {
    this.server = server;
    this.engines = new LocalEngines(options);
    this.#folder = options.folder;
  }

  /** The host that runs, or one that is started now. @throws AppError as `LocalEngines.ensure` */
  async ensure(): Promise<LocalHost> {
    const host = await this.engines.ensure();
    try {
      writeFileSync(join(this.#folder, NAME_FILE), `${this.server}\n`, { mode: 0o600 });
    } catch {
      // It is for `local status` alone.
    }
    return host;
  }
}

/** All stand-ins of this user on this machine. */
export class StandIns {
  readonly #options: LocalEnginesOptions;

  /** @param options of each; their folders are made in `folder` */
  constructor(options: LocalEnginesOptions) {
    this.#options = options;
  }

  /** @param server as token files name it */
  for(server: string): StandIn {
    const name = createHash('sha256').update(server).digest('hex').slice(0, 8);
    return this.#at(name, server);
  }

  /**
   * Those that have ever been started, whether they run or not. Starts nothing and writes nothing.
   * @throws AppError `local_folder_unsafe`
   */
  all(): StandIn[] {
    const { folder } = this.#options;
    if (!checkPrivateFolder(folder)) return [];
    const names = readdirSync(folder).filter((name) => /^[0-9a-f]{8}$/.test(name));
    return names.sort().map((name) => this.#at(name, serverNamedIn(join(folder, name))));
  }

  #at(name: string, server: string): StandIn {
    return new StandIn(server, { ...this.#options, folder: join(this.#options.folder, name) });
  }
}

/** The server that a folder is of; '?' where its first start has not come to an end. */
function serverNamedIn(folder: string): string {
  try {
    return readFileSync(join(folder, NAME_FILE), 'utf8').trim();
  } catch {
    return '?';
  }
}
