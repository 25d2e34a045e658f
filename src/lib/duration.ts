const SECONDS_IN = { s: 1, m: 60, h: 3_600 } as const;

/** As long as the longest lifetime that a session may have: a year. */
const MAX_SECONDS = 31_536_000;

/**
 * A duration as flags have it: a whole number and its unit, `90s`, `5m` or `1h`. Variables hold plain seconds.
 * @returns seconds, from 1 to a year; undefined for what is no such duration
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([smh])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const seconds = Number(digits) * SECONDS_IN[unit as keyof typeof SECONDS_IN];
  return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : undefined;
}
