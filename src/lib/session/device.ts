import { hostname, platform } from 'node:os';

/** How a command reached this machine. */
export interface Surroundings {
  /** SSH_CONNECTION: "client-ip client-port server-ip server-port". */
  readonly sshConnection: string | undefined;
  /** Is a person at a terminal? */
  readonly isTerminal: boolean;
  /** Version of this CLI. */
  readonly version: string;
}

/** The wire contract's limit for `device`, in bytes of UTF-8. */
const DEVICE_BYTES = 40;

/**
 * One short line that tells a person's sessions apart: host, operating system, CLI version, terminal or SSH.
 * @example 'laptop linux airbnb/0.1.0 ssh'
 */
export function describeDevice({ sshConnection, isTerminal, version }: Surroundings): string {
  const way = sshConnection ? 'ssh' : isTerminal ? 'tty' : 'script';
  const rest = ` ${platform()} ${version} ${way}`;
  const host =
    hostname()
      .split('.')[0]
      ?.replace(/[^\x21-\x7e]/g, '') || 'host';
  return `${host.slice(0, Math.max(1, DEVICE_BYTES - rest.length))}${rest}`.slice(0, DEVICE_BYTES);
}

/** The client's address in SSH_CONNECTION, where there is one. */
export function sshAddress(sshConnection: string | undefined): string | undefined {
  const address = sshConnection?.trim().split(/\s+/)[0];
  return address && /^[0-9a-fA-F:.]{2,45}(%[\w.-]+)?$/.test(address) ? address : undefined;
}
