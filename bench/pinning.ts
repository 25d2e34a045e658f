import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** What was arranged with the machine's cores. */
export interface Pinning {
  /** For the heading of what was measured, such as `each on a core of its own`. */
  readonly note: string;
  /** Lets this process run where it may have run before. */
  release(): void;
}

/**
 * Puts servers on the first core and this process on the second. Left to itself, the system puts both ends of a short
 * round trip on one core or on two as it likes, and one of these is several times slower than the other.
 */
export function pinApart(servers: readonly number[]): Pinning {
  const before = coresOf(process.pid);
  const apart =
    cpus().length > 1 &&
    before !== undefined &&
    servers.every((pid) => pin(pid, '0', '--all-tasks')) &&
    pin(process.pid, '1');
  return {
    note: apart ? 'servers and client on a core each' : 'not pinned to cores',
    release: () => {
      if (before !== undefined) pin(process.pid, before);
    },
  };
}

function pin(pid: number, cores: string, ...flags: string[]): boolean {
  return spawnSync('taskset', [...flags, '--cpu-list', '--pid', cores, String(pid)]).status === 0;
}

/** As taskset lists them, such as `0,1`; undefined where there is no taskset. */
function coresOf(pid: number): string | undefined {
  const { status, stdout } = spawnSync('taskset', ['--cpu-list', '--pid', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(': ').at(-1) : undefined;
}
