import { ExitCode } from './exit-codes.ts';

const EXIT_CODES = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated } as const;

/** Exit codes of our own for Ctrl-C and a polite end, so that scripts see the same ones everywhere. */
export function endOnSignals(): void {
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

/** From here on somebody else decides what such a signal does. */
export function leaveSignalsToOthers(): void {
  process.off('SIGINT', end);
  process.off('SIGTERM', end);
}

function end(signal: NodeJS.Signals): void {
  process.exit(EXIT_CODES[signal as keyof typeof EXIT_CODES]);
}
