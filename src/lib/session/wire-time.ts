/** ISO 8601 with an optional zone; older Pythons write 6 digits of fraction and, for us, no zone at all. */
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * A time as it goes on the wire: UTC without a zone, three digits of fraction. Older Pythons parse neither a
 * `Z` nor other numbers of digits.
 */
export function toWireTime(time: Date): string {
  const ms = time.getTime();
  const second = Math.floor(ms / 1000);
  if (second !== written.second) written = { second, text: time.toISOString().slice(0, -'000Z'.length) };
  return written.text + String(1000 + ms - second * 1000).slice(1);
}

/** The second that was written last: who keeps sessions alive writes each many times, and a date takes long to write. */
let written = { second: Number.NaN, text: '' };

/**
 * Reads a time from the wire: without a zone it means UTC, with one the zone is honoured.
 * @returns undefined for what is no such time
 */
export function fromWireTime(text: unknown): Date | undefined {
  const match = typeof text === 'string' ? ISO.exec(text) : null;
  if (!match) return undefined;
  const [, day, clock, fraction = '', zone = 'Z'] = match;
  const time = new Date(`${day}T${clock}${fraction.slice(0, 4)}${zone.toUpperCase()}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
