import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startRedis } from './bench-redis.ts';
import { signedInUser } from './signed-in-user.ts';
import { measureInTurn } from './statistics.ts';
import { table } from './table.ts';

const BINARY = join(__dirname, '..', 'bin', 'run.js');
const ROUNDS = 30;
const WARM_UP = 3;

/**
 * What `airbnb` costs over an empty program of the same Node: signed in by the token file, output piped, Redis on
 * loopback, all in turn.
 */
export async function startup(): Promise<string> {
  const { engine, name } = await startRedis();
  try {
    const user = await signedInUser(engine.url);
    try {
      const timed = (...args: string[]) => {
        const start = performance.now();
        const { status, stderr } = spawnSync(process.execPath, args, { env: user.env, stdio: 'pipe' });
        const took = performance.now() - start;
        if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}: ${stderr}`);
        return took;
      };
      const subjects = {
        'node -e 0': () => timed('-e', '0'),
        'airbnb whoami': () => timed(BINARY, 'whoami'),
        'airbnb sessions list': () => timed(BINARY, 'sessions', 'list'),
        'airbnb --help': () => timed(BINARY, '--help'),
      };
      await measureInTurn(WARM_UP, subjects);
      const measured = await measureInTurn(ROUNDS, subjects);
      const rows = [...measured].map(([what, { median, ratio }]) => [
        what,
        median.toFixed(1),
        ratio.toFixed(2),
      ]);
      return `Start-up, medians of ${ROUNDS} runs (${name})\n\n${table(['', 'ms', 'ratio'], rows)}`;
    } finally {
      await user.remove();
    }
  } finally {
    await engine.dispose();
  }
}
