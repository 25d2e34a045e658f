import { readFileSync, readlinkSync } from 'node:fs';

/**
 * A process, told apart from every other that has had or will have its number. Written into lock files and
 * the host's record.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in whatever unit the system counts: only ever compared for equality. */
  readonly startTime: string;
  /** Where that number means something: the machine and, on Linux, its process namespace (a container's). */
  readonly place: string;
}

/** `running`; `stopped` by a signal or a debugger, so that it does nothing but exists; or `gone`. */
export type ProcessState = 'running' | 'stopped' | 'gone';

/** Whether something that was read from a file has the members of a process' identity. */
export function isIdentity(value: Partial<ProcessIdentity>): boolean {
  const { pid, startTime, place } = value;
  return Number.isSafeInteger(pid) && typeof startTime === 'string' && typeof place === 'string';
}

let ownPlace: string | undefined;

/** The machine and process namespace of this process. */
export function currentPlace(): string {
  ownPlace ??=
    process.platform === 'linux' ? `${firstLineOf('/etc/machine-id')}/${pidNamespace()}` : process.platform;
  return ownPlace;
}

/** Who this process is. */
export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid) ?? { pid: process.pid, startTime: '', place: currentPlace() };
}

/** Who has this number now, in this place; undefined if nobody. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const seen = look(pid);
  return seen && { pid, startTime: seen.startTime, place: currentPlace() };
}

/** The state of a process of this place; that of another place cannot be seen from here. */
export function stateOf(identity: ProcessIdentity): ProcessState {
  const seen = look(identity.pid);
  return seen === undefined || seen.startTime !== identity.startTime ? 'gone' : seen.state;
}

/** Resident memory of a process in bytes, or undefined where the system does not tell. */
export function residentBytes(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    }
    return Number(ps(pid, 'rss=')) * 1024;
  } catch {
    return undefined;
  }
}

function look(pid: number): { startTime: string; state: 'running' | 'stopped' } | undefined {
  return process.platform === 'linux' ? lookInProc(pid) : lookWithPs(pid);
}

function lookInProc(pid: number): ReturnType<typeof look> {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', startTicks = ''] = [fields[0], fields[19]];
  // A zombie has ended; it stays listed where nobody collects its exit code, as in many containers.
  if (state === 'Z' || state === 'X') return undefined;
  // Ticks are counted from the boot, so the boot is part of the answer.
  const startTime = `${firstLineOf('/proc/sys/kernel/random/boot_id')}/${startTicks}`;
  return { startTime, state: state === 'T' || state === 't' ? 'stopped' : 'running' };
}

function lookWithPs(pid: number): ReturnType<typeof look> {
  try {
    const [state = '', ...startTime] = ps(pid, 'stat=,lstart=').split(/\s+/);
    if (state === '' || state.startsWith('Z')) return undefined;
    return { startTime: startTime.join(' '), state: state.startsWith('T') ? 'stopped' : 'running' };
  } catch {
    return undefined;
  }
}

function ps(pid: number, columns: string): string {
  // Always the same language and zone: the answer is compared with one that another process wrote down.
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
  // Loaded only here: it takes several milliseconds, and Linux does without.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
    encoding: 'utf8',
    env,
    stdio: 'pipe',
  }).trim();
}

function firstLineOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
