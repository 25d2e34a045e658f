import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../../../src/lib/local/lock-file.ts';

/*
 * Takes a lock again and again until it has had it some times, and the last time dies with it:
 * `lock-contender.js <lock> <times>`. Ends with 3 if somebody else was inside as well.
 */

const [path = '', times = '1'] = process.argv.slice(2);

async function contend(): Promise<void> {
  for (let taken = 0; taken < Number(times); ) {
    const lock = tryLock(path);
    if (lock !== undefined) {
      taken++;
      try {
        writeFileSync(`${path}.inside`, '', { flag: 'wx' });
      } catch {
        process.exit(3);
      }
      await sleep(1);
      rmSync(`${path}.inside`);
      if (taken === Number(times)) process.kill(process.pid, 'SIGKILL');
      lock.release();
    }
    await sleep(Math.random() * 3);
  }
}

void contend();
