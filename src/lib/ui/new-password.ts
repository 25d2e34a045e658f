import { assertGoodPassword } from '../auth/password-rules.ts';
import { problemOf } from '../command-failure.ts';
import type { Language } from '../i18n/language.ts';
import { sharedTexts } from '../i18n/shared-texts.ts';
import { askSecret } from './prompts.ts';

/**
 * Says the rules for a new password and asks for one, twice: again until it keeps the rules and both are the same.
 * @param say shows a line
 */
export async function askNewPassword(language: Language, say: (line: string) => void): Promise<string> {
  const { ask } = sharedTexts[language];
  say(ask.passwordRules);
  for (;;) {
    const password = await askSecret(ask.newPassword);
    const problem = problemOf(() => assertGoodPassword(password), language);
    if (problem === undefined && (await askSecret(ask.repeat)) === password) return password;
    say(problem ?? ask.passwordsDiffer);
  }
}
