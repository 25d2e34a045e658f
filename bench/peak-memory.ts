import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a command that ran to its end cost. */
export interface Cost {
  readonly milliseconds: number;
  /** The most memory that it held at one time, bytes. */
  readonly peakMemory: number;
  readonly stdout: string;
}

/** Tells how much memory the process has held at most, when it ends. */
const HOOK = `process.once('exit', () =>
  require('node:fs').writeFileSync(process.env.PEAK_MEMORY, String(process.resourceUsage().maxRSS)));`;

/** Runs Node with arguments, as a process of its own. @throws Error where it fails */
export async function costOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'airbnb-bench-'));
  const [hook, peak] = [join(folder, 'hook.cjs'), join(folder, 'peak')];
  writeFileSync(hook, HOOK);
  try {
    const start = performance.now();
    const child = spawn(process.execPath, ['--require', hook, ...args], {
      env: { ...env, PEAK_MEMORY: peak },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    const milliseconds = performance.now() - start;
    if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`);
    return { milliseconds, peakMemory: Number(readFileSync(peak, 'utf8')) * 1024, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
