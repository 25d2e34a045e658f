import { fromWireTime } from '../session/wire-time.ts';
import { harmless } from './terminal-text.ts';

/** A label and a value, to be shown on a line. */
export type Row = readonly [label: string, value: string];

/** Rows as aligned lines, `Label: value`. */
export function alignRows(rows: readonly Row[], indent = '  '): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 1;
  return rows.map(([label, value]) => `${indent}${`${label}:`.padEnd(width)} ${value}`).join('\n');
}

/** A value that may be missing. */
export function shown(value: unknown): string {
  return value === undefined || value === null ? '-' : harmless(value);
}

/** A wire time in the time zone of the reader, `2025-11-16 16:00:00 +01:00`; as it stands where it is no time. */
export function localTime(text: unknown): string {
  const time = fromWireTime(text);
  if (!time) return shown(text);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const offset = -time.getTimezoneOffset(); // JavaScript counts westwards.
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const zone = `${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`;
}
