import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { TokenKey } from './token-key.ts';

/** Whom a sealed token belongs to and who issued it: open to read in the file, and not to be changed unnoticed. */
export interface SealedFor {
  readonly email: string;
  readonly userId: number;
  readonly server: string;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a token by AES-256-GCM under a fresh random nonce, bound to its user and server.
 * @returns base64url without padding of nonce, ciphertext and tag
 */
export function sealToken(token: string, key: TokenKey, owner: SealedFor): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(owner));
  const ciphertext = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString('base64url');
}

/** @returns undefined where the key is another one, or where anything of it was changed */
export function unsealToken(sealed: string, key: TokenKey, owner: SealedFor): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  // Node skips what is no base64url, and takes bits that belong to no byte.
  if (bytes.toString('base64url') !== sealed || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(boundTo(owner));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const token = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([token, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** As JSON, so that no two owners read alike; with the version of the file, so that another cannot be claimed. */
function boundTo({ server, userId, email }: SealedFor): Buffer {
  return Buffer.from(JSON.stringify([2, server, userId, email]));
}
