import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { User } from './cli.ts';

export interface TokenFile {
  v: number;
  token: string;
  email: string;
  user_id: number;
  server: string;
}

/** What the user's token file holds. */
export async function readTokenFile(user: User): Promise<TokenFile> {
  return JSON.parse(await readFile(user.sessionFile, 'utf8'));
}

/** Puts a token file there as if a command had: a text as it is, anything else as JSON. */
export async function writeTokenFile(user: User, content: string | Buffer | object, mode = 0o600) {
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  await mkdir(path.dirname(user.sessionFile), { recursive: true, mode: 0o700 });
  await writeFile(user.sessionFile, isText ? content : `${JSON.stringify(content)}\n`);
  await chmod(user.sessionFile, mode);
}
