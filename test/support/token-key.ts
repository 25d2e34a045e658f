import { randomBytes } from 'node:crypto';

/** A key as AIRBNB_TOKEN_KEY holds it. */
export function newTokenKey(): string {
  return randomBytes(32).toString('base64');
}
