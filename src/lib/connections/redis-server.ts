import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { boundNameResolution } from './name-resolution.ts';
import type { RedisServerAddress } from './redis-address.ts';
import { misconfiguredOnError } from './redis-errors.ts';
import type { Issue, RedisLink } from './redis-link.ts';
import { CLIENT_OPTIONS, inOneWrite, tlsOptions } from './redis-options.ts';

/** One server: on TCP, or the embedded one on its unix socket. */
export type ServerTarget = RedisServerAddress | { readonly socket: string };

/** The way to one server. AUTH and SELECT travel with the first commands. */
export class ServerLink implements RedisLink {
  lastError: unknown;
  readonly #target: ServerTarget;
  readonly #greeting: (redis: Redis) => readonly Promise<unknown>[];
  #client: Redis | undefined;
  #opening: Promise<void> | undefined;
  #hasGreeted = false;

  /** @param greeting further commands to begin with, behind AUTH and SELECT; whatever they reject with outranks all replies */
  constructor(target: ServerTarget, greeting: (redis: Redis) => readonly Promise<unknown>[] = () => []) {
    this.#target = target;
    this.#greeting = greeting;
  }

  open(): Promise<void> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  issue(commands: Issue) {
    const client = this.#client as Redis;
    const isFirst = !this.#hasGreeted;
    this.#hasGreeted = true;
    return inOneWrite([client.stream], () => ({
      prologue: isFirst ? [...this.#credentials(client), ...this.#greeting(client)] : [],
      replies: commands(client),
    }));
  }

  close(): void {
    const client = this.#client;
    // ioredis gives the other side two seconds to hang up, and waits for a stream that is gone as well: a server that
    // refused us, or a black hole, would hold up our exit.
    if (!client || client.status === 'end') return;
    client.disconnect();
    client.stream?.destroy();
  }

  async #connect(): Promise<void> {
    const client = new Redis({ ...CLIENT_OPTIONS, ...placeOf(this.#target) });
    client.on('error', (error) => {
      this.lastError = error;
    });
    this.#client = client;
    await client.connect();
  }

  /** AUTH and SELECT; given as options, ioredis would wait for each of them. */
  #credentials(client: Redis): Promise<unknown>[] {
    if ('socket' in this.#target) return [];
    const { username, password, db } = this.#target;
    const commands: Promise<unknown>[] = [];
    if (password !== undefined) {
      commands.push(misconfiguredOnError(client.call('AUTH', ...(username ? [username] : []), password)));
    }
    if (db !== 0) commands.push(misconfiguredOnError(client.select(db)));
    return commands;
  }
}

function placeOf(target: ServerTarget) {
  if ('socket' in target) return { path: target.socket };
  const { host, port } = target;
  boundNameResolution(host);
  if (!target.tls) return { host, port };
  return { host, port, tls: { ...(isIP(host) ? {} : { servername: host }), ...tlsOptions(target.tlsCa) } };
}
