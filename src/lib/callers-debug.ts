let kept: string | undefined;

/**
 * Keeps DEBUG as the program was given it. It is taken out of our own environment before anything is loaded, and what
 * we run on behalf of somebody gets it back.
 */
export function keepCallersDebug(debug: string | undefined): void {
  kept = debug;
}

/** DEBUG as it was; undefined where it was not set. */
export const callersDebug = (): string | undefined => kept;
