/** Does something with each value, with so many at a time, and gives the results in order. */
export async function inPool<T, R>(
  values: readonly T[],
  atOnce: number,
  work: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(values.length);
  const left = values.entries();
  const worker = async () => {
    // One iterator for all: each takes what comes next.
    for (const [index, value] of left) results[index] = await work(value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
