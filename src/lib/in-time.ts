/**
 * Milliseconds. Time is counted in steps in which there was somebody to look: while this process works, or has to let
 * others work, nobody is waited for.
 */
const STEP = 25;

/**
 * Waits for some work, but no longer than so many milliseconds. What it does after that is its own business.
 * @throws what the work fails with, or an error where it is late
 */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    let left = ms;
    timer = setInterval(() => {
      left -= STEP;
      if (left <= 0) reject(new Error(`not within ${ms} ms`));
    }, STEP);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}
