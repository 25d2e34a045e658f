import { isIP } from 'node:net';

/**
 * Shortens the look-up of a host's name. It runs in a thread that cannot be interrupted, and the process does
 * not exit before it is through: up to ten seconds by default. glibc reads RES_OPTIONS at its first look-up;
 * elsewhere this is without effect. A value of the user's is left alone.
 */
export function boundNameResolution(host: string): void {
  if (isIP(host) === 0 && host !== 'localhost') process.env.RES_OPTIONS ??= 'timeout:1 attempts:1';
}
