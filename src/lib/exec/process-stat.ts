import { readFileSync } from 'node:fs';

/** Places in what {@link statOf} returns. The first two fields, pid and name, are not in it. */
const FIRST = 3;
export const STATE = 3 - FIRST;
export const GROUP = 5 - FIRST;
export const FOREGROUND_GROUP = 8 - FIRST;
/** As wait() has it; 0 where we may not know. */
export const EXIT_STATUS = 52 - FIRST;

/**
 * What Linux tells of a process in `/proc/<pid>/stat`, from its state on; proc(5) numbers the fields from 1.
 * @throws where there is no such process, or no /proc
 */
export function statOf(pid: number | 'self'): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').trimEnd();
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
