import { AppError, type Reason } from '../errors.ts';

const MAX_EMAIL = 254;
const MAX_NOMBRE = 200;

/** Something without blanks, an @, and a domain of at least two labels. Whether it exists only a letter to it can tell. */
const EMAIL = /^[^\s@]+@(?:[^\s@.]+\.)+[^\s@.]+$/u;
/** Control characters, line and paragraph separators, halves of surrogate pairs. */
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
/** What turns the direction of text around: names could be made to look like others. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** What is not seen at all, such as a zero-width space: two e-mails would look the same. */
const INVISIBLE = /\p{Cf}/u;
/** A character that takes a place of its own: neither a blank, nor a mark on another, nor one that is not shown. */
const SEEN = /[^\p{Z}\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/**
 * An e-mail as it is stored and looked up: trimmed and in Unicode's form NFC. The case of ASCII is kept, as the
 * database compares without it; other letters become small, as in the locale C the database would not do that.
 */
export function canonicalEmail(email: string): string {
  const composed = email.trim().normalize('NFC');
  return composed.replace(/\P{ASCII}+/gu, (letters) => letters.toLowerCase()).normalize('NFC');
}

/**
 * The rules for the e-mail of a new account; lengths count characters.
 * @returns the e-mail in its canonical form
 * @throws AppError `invalid_email` with `problem`: `empty`, `too_long` (with `limit`), `characters` or `shape`
 */
export function validEmail(email: string): string {
  const canonical = canonicalEmail(email);
  assertLength('invalid_email', canonical, MAX_EMAIL);
  if (CONTROL.test(canonical) || INVISIBLE.test(canonical)) throw invalid('invalid_email', 'characters');
  if (!EMAIL.test(canonical)) throw invalid('invalid_email', 'shape');
  return canonical;
}

/**
 * The rules for the name of a new account; lengths count characters. Letters of any script and emoji are fine, with the
 * invisible joiners that some of them need; a name of nothing that is seen is none.
 * @returns the name, trimmed and in form NFC
 * @throws AppError `invalid_nombre` with `problem`: `empty`, `too_long` (with `limit`) or `characters`
 */
export function validNombre(nombre: string): string {
  const canonical = nombre.trim().normalize('NFC');
  assertLength('invalid_nombre', canonical, MAX_NOMBRE);
  if (CONTROL.test(canonical) || BIDI.test(canonical)) throw invalid('invalid_nombre', 'characters');
  if (!SEEN.test(canonical)) throw invalid('invalid_nombre', 'empty');
  return canonical;
}

function assertLength(reason: Reason, text: string, limit: number): void {
  if (text === '') throw invalid(reason, 'empty');
  if ([...text].length > limit) throw invalid(reason, 'too_long', limit);
}

function invalid(reason: Reason, problem: string, limit?: number): AppError {
  return new AppError(reason, { problem, ...(limit === undefined ? {} : { limit }) });
}
