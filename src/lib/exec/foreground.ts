import { execFileSync } from 'node:child_process';
import { FOREGROUND_GROUP, GROUP, statOf } from './process-stat.ts';

/**
 * Whether this process belongs to those to which a terminal itself sends what is typed as Ctrl-C, and that it is
 * resized. False where there is no terminal, and in the background of one.
 */
export function isInForeground(): boolean {
  try {
    const [group, foreground] = process.platform === 'linux' ? groupsInProc() : groupsByPs();
    return group !== undefined && group === foreground;
  } catch {
    return false;
  }
}

/** This process' group, and the one in the foreground of its terminal. */
type Groups = (string | undefined)[];

function groupsInProc(): Groups {
  const stat = statOf('self');
  return [stat[GROUP], stat[FOREGROUND_GROUP]];
}

function groupsByPs(): Groups {
  const columns = ['-o', 'pgid=,tpgid=', '-p', String(process.pid)];
  return execFileSync('ps', columns, { encoding: 'utf8', stdio: 'pipe', timeout: 1_000 }).trim().split(/\s+/);
}
