/**
 * The exit codes of `airbnb`. They are a contract with scripts: stable, and the same with `--json`.
 * 64 to 78 follow BSD's sysexits.h; 4 is what gh uses for "not signed in".
 */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 4,
  unavailable: 69,
  tryLater: 75,
  notAllowed: 77,
  badConfiguration: 78,
  /** Of `exec` alone, as shells have it: what it was to run cannot be executed. */
  notExecutable: 126,
  /** Of `exec` alone: what it was to run was not found. */
  notFound: 127,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
