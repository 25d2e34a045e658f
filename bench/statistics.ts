/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The figure that this share of all figures (0 to 1) does not exceed. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = Float64Array.from(figures).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** What was measured of one thing, round by round. */
export interface Measured {
  readonly median: number;
  /**
   * The median of its ratios to the first thing, each within a round: what slows the machine for a while slows both,
   * and is not seen.
   */
  readonly ratio: number;
}

/**
 * Measures several things in turn, round by round.
 * @param subjects each measures itself once and returns a figure; the first is what the others are compared with
 */
export async function measureInTurn(
  rounds: number,
  subjects: Readonly<Record<string, () => number | Promise<number>>>,
): Promise<Map<string, Measured>> {
  const figures = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(subjects)) figures.get(name)?.push(await measure());
  }
  const [first = []] = figures.values();
  return new Map(
    [...figures].map(([name, own]) => {
      const ratios = own.map((figure, round) => figure / (first[round] ?? Number.NaN));
      return [name, { median: median(own), ratio: median(ratios) }];
    }),
  );
}
