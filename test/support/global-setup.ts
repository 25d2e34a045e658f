/** What mocha runs once around the whole suite. */
import { engines } from './engines.ts';

/** How long a finished run may take to end by itself. */
const PATIENCE_MS = 10_000;

export async function mochaGlobalSetup(): Promise<void> {
  await engines.start();
}

export async function mochaGlobalTeardown(): Promise<void> {
  await engines.stop();
  const watchdog = setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`Some test left something open that keeps Node from ending: ${held}\n`);
    process.exit(1);
  }, PATIENCE_MS);
  watchdog.unref();
}
