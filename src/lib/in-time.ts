/**
 * Milliseconds. Time is counted in steps in which there was somebody to look: while this process works, or has to let
 * others work, nobody is waited for.
 */
const STEP = 50;

/**
 * Waits for some work, but no longer than so many milliseconds. What it does after that is its own business.
 * @param late makes the error of work that is late
 * @throws what the work fails with, or what `late` makes
 */
export async function inTime<T>(
  work: Promise<T>,
  ms: number,
  late: () => unknown = () => new Error(`not within ${ms} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      let left = ms;
      timer = setInterval(() => {
        left -= STEP;
        if (left <= 0) reject(late());
      }, STEP);
      work.then(resolve, reject);
    });
  } finally {
    clearInterval(timer);
  }
}
