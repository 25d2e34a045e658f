import { createHash, randomBytes } from 'node:crypto';

/** The form of a token: 32 random bytes in base64url without padding, 43 characters. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Anything inside a text that could be a token. */
const TOKENS = /[A-Za-z0-9_-]{43,}/g;

/** A new token: 32 bytes of the system's randomness. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** The mark of a token, under which a session that was ended on purpose is remembered: SHA-256 in hex. */
export function markOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** How people name a session: the first 12 hex digits of its mark. It does not lead back to the token. */
export function idOfMark(mark: string): string {
  return mark.slice(0, 12);
}

/** What lists show of a token, as the Python client does. */
export function prefixOf(token: string): string {
  return token.slice(0, 8);
}

/** A text with everything that looks like a token taken out. */
export function redactTokens(text: string): string {
  return text.replace(TOKENS, '[redacted]');
}

/** Whether a text holds what could be a token, as somebody may have typed one in the wrong place. */
export function looksLikeToken(text: string): boolean {
  return redactTokens(text) !== text;
}
