import { expect } from 'chai';
import type { User } from './cli.ts';
import { until } from './until.ts';

/** Milliseconds in which a command says what it met, whatever that is. */
const PROMPT = 2_500;

/**
 * Runs `whoami` again and again until it works, and fails where that takes too long.
 * @returns the exit codes that were met, each once
 */
export async function codesUntilDone(user: User, patienceMs: number): Promise<(number | null)[]> {
  const codes = new Set<number | null>();
  let slowest = 0;
  await until(
    'commands work again',
    async () => {
      const begin = performance.now();
      const { code } = await user.run(['whoami']);
      slowest = Math.max(slowest, performance.now() - begin);
      codes.add(code);
      return code === 0;
    },
    patienceMs,
  );
  expect(slowest, 'milliseconds that the slowest command took').to.be.below(PROMPT);
  return [...codes];
}
