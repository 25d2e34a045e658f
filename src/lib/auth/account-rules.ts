import { AppError, type Reason } from '../errors.ts';
import { isSeen } from '../seen-text.ts';

const ASCII = /^[\x00-\x7f]*$/;
const MAX_EMAIL = 254;
const MAX_NOMBRE = 200;

/*
 * Expressions with Unicode's tables are made where they are used: a login needs none, and the tables take a millisecond to
 * load.
 */

/** Something without blanks, an @, and a domain of at least two labels. Whether it exists only a letter to it can tell. */
const EMAIL = /^[^\s@]+@(?:[^\s@.]+\.)+[^\s@.]+$/u;
/** Control characters, line and paragraph separators, halves of surrogate pairs. */
const control = () => /[\p{Cc}\p{Cs}\u2028\u2029]/u;
/** What turns the direction of text around: names could be made to look like others. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** What is not seen at all, such as a zero-width space: two e-mails would look the same. */
const invisible = () => /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Annotations between the lines, and tags: a text of its own that nobody sees. */
const HIDDEN = /[\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
/** An emoji such as the flag of Scotland: there tags say which. */
const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu;

/**
 * An e-mail as it is stored and looked up: trimmed and in Unicode's form NFC. The case of ASCII is kept, as the
 * database compares without it; other letters become small, as in the locale C the database would not do that.
 */
export function canonicalEmail(email: string): string {
  const trimmed = email.trim();
  if (isAscii(trimmed)) return trimmed; // The rest would change nothing, and has to load tables of Unicode.
  const composed = trimmed.normalize('NFC');
  return composed.replace(/\P{ASCII}+/gu, (letters) => letters.toLowerCase()).normalize('NFC');
}

/** Whether a text has no other characters, so that Unicode's forms of it are all the same. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/**
 * The rules for the e-mail of a new account; lengths count characters.
 * @returns the e-mail in its canonical form
 * @throws AppError `invalid_email` with `problem`: `empty`, `too_long` (with `limit`), `characters` or `shape`
 */
export function validEmail(email: string): string {
  const canonical = canonicalEmail(email);
  assertLength('invalid_email', canonical, MAX_EMAIL);
  if (control().test(canonical) || invisible().test(canonical)) throw invalid('invalid_email', 'characters');
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
  const isRefused = [control(), BIDI].some((characters) => characters.test(canonical));
  if (isRefused || HIDDEN.test(canonical.replace(FLAG, ''))) throw invalid('invalid_nombre', 'characters');
  if (!isSeen(canonical)) throw invalid('invalid_nombre', 'empty');
  return canonical;
}

function assertLength(reason: Reason, text: string, limit: number): void {
  if (text === '') throw invalid(reason, 'empty');
  if ([...text].length > limit) throw invalid(reason, 'too_long', limit);
}

function invalid(reason: Reason, problem: string, limit?: number): AppError {
  return new AppError(reason, { problem, ...(limit === undefined ? {} : { limit }) });
}
