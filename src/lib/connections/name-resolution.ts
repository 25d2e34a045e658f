/** Of an option that is given twice the last counts. */
const OURS = 'timeout:1 attempts:1';

/**
 * Shortens the look-up of a host's name. It runs in a thread that cannot be interrupted, and the process does
 * not exit before it is through: up to ten seconds by default. glibc reads RES_OPTIONS at its first look-up;
 * elsewhere this is without effect. What a user has set there stays, apart from the time and the attempts.
 */
export function boundNameResolution(host: string): void {
  if (isAddress(host) || host === 'localhost') return;
  const { RES_OPTIONS: theirs = '' } = process.env;
  if (!theirs.endsWith(OURS)) process.env.RES_OPTIONS = `${theirs} ${OURS}`.trim();
}

/** Digits and dots, and what has a colon, are never looked up. Node's isIP would first compile a long expression. */
function isAddress(host: string): boolean {
  return host.includes(':') || !/[^\d.]/.test(host);
}
