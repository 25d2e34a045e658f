import { AppError } from '../errors.ts';
import type { Language } from '../i18n/language.ts';
import { sharedTexts } from '../i18n/shared-texts.ts';
import { askSecret } from './prompts.ts';

/** Bytes of standard input that are read at most: far more than any password. */
const MAX_BYTES = 65_536;

/**
 * The password on standard input, less one line end.
 * @throws AppError `password_input` where it is empty
 */
export async function passwordFromStdin(): Promise<string> {
  const password = (await readStdin()).replace(/\r?\n$/, '');
  if (password === '') throw new AppError('password_input', { problem: 'empty' });
  return password;
}

/**
 * The old and the new password, on two lines of standard input.
 * @throws AppError `password_input` where there are not two lines, or one is empty
 */
export async function twoPasswordsFromStdin(): Promise<readonly [old: string, new_: string]> {
  const lines = (await readStdin()).replace(/\r?\n$/, '').split(/\r?\n/);
  const [before, after] = lines;
  if (!before || !after || lines.length !== 2) throw new AppError('password_input', { problem: 'two_lines' });
  return [before, after];
}

/** Asks for a new password, twice. @throws AppError `password_input` where the two differ */
export async function askNewPassword(language: Language): Promise<string> {
  const { ask } = sharedTexts[language];
  const password = await askSecret(ask.newPassword);
  if ((await askSecret(ask.repeat)) !== password)
    throw new AppError('password_input', { problem: 'mismatch' });
  return password;
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) throw new AppError('password_input', { problem: 'too_long' });
  }
  return Buffer.concat(chunks).toString('utf8');
}
