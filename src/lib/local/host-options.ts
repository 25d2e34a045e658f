import { getSystemErrorName, parseArgs } from 'node:util';

/** What a host is started with. None of it is a secret: anybody on the machine can read arguments. */
export interface HostOptions {
  /** The data folder that is served. */
  readonly folder: string;
  /** The folder that the sockets are made in. */
  readonly sockets: string;
  /** Path of the log. */
  readonly log: string;
  /** The host ends when nobody has been connected for so long and no session lives. Seconds. */
  readonly idleSeconds: number;
}

/** The arguments that `readHostArguments` reads. */
export function hostArguments({ folder, sockets, log, idleSeconds }: HostOptions): string[] {
  return ['--folder', folder, '--sockets', sockets, '--log', log, '--idle', String(idleSeconds)];
}

/** @throws TypeError if there is an argument that no host knows. */
export function readHostArguments(args: string[]): HostOptions {
  const text = { type: 'string', default: '' } as const;
  const options = { folder: text, sockets: text, log: text, idle: text };
  const { folder, sockets, log, idle } = parseArgs({ args, options }).values;
  return { folder, sockets, log, idleSeconds: Number(idle) };
}

/**
 * The environment of a host: it outlives the command that starts it, so nothing that is not needed goes along,
 * least of all the secrets of a CI job.
 */
export function hostEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ([name]: [string, unknown]) => /^(?:PATH|HOME|XDG_\w+|TMPDIR|LANG)$/.test(name);
  return Object.fromEntries(Object.entries(env).filter(kept));
}

/** Exit codes up to this one are Node's own. */
const lastCodeOfNode = 13;

/**
 * How a host tells whoever starts it what went wrong: on a full disk it cannot write that into its log. The
 * exit code is the system's number of the error, say of ENOSPC, or 1.
 */
export function exitCodeOf({ errno = 0 }: NodeJS.ErrnoException): number {
  return -errno > lastCodeOfNode && -errno < 128 ? -errno : 1;
}

/** What an exit code of a host tells, for a person to read. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (code !== null && code > lastCodeOfNode && code < 128) return getSystemErrorName(-code);
  return `it ended with ${signal ?? code}`;
}
