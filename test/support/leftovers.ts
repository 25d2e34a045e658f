import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Leftover {
  pid: number;
  /** Its command line, as far as the system shows it. */
  command: string;
}

/** Processes whose arguments, environment or current folder name a folder: those that were started for it. */
export async function processesOf(folder: string): Promise<Leftover[]> {
  const all = process.platform === 'linux' ? await fromProc(folder) : await fromPs(folder);
  return all.filter(({ pid }) => pid !== process.pid);
}

/** The same once they have had a moment to end. */
export async function leftoversOf(folder: string, patienceMs = 3000): Promise<Leftover[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const left = await processesOf(folder);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50);
  }
}

async function fromProc(folder: string): Promise<Leftover[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // What is not ours to read, or gone by now, is not what we look for.
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const [command, environment, cwd] = await Promise.all([
        read('cmdline'),
        read('environ'),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ]);
      const names = [command, environment, cwd].some((text) => text.includes(folder));
      return names ? [{ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() }] : [];
    }),
  );
  return found.flat();
}

async function fromPs(folder: string): Promise<Leftover[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axwwE', '-o', 'pid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return pid && command?.includes(folder) ? [{ pid: Number(pid), command }] : [];
  });
}
