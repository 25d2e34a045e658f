import type { AccountService } from '../lib/auth/account-service.ts';
import { BaseCommand } from '../lib/base-command.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { askNewPassword } from '../lib/ui/new-password.ts';
import { givesPassword, passwordFlags } from '../lib/ui/password-flags.ts';
import { readTwoPasswords } from '../lib/ui/password-input.ts';
import { askSecret } from '../lib/ui/prompts.ts';

const texts = defineTexts({
  en: {
    summary: 'Change your password, and end all of your other sessions',
    examples: {
      'airbnb password': 'Asks for the old password, and twice for the new one',
      'printf \'%s\\n\' "$OLD" "$NEW" | airbnb password --password-stdin': 'In a script',
      'airbnb password --password-file old-and-new.txt': 'The same, from a file of two lines',
    },
    flags: {
      'password-stdin': 'Read two lines from standard input: the old password and the new one.',
      'password-file': 'Read the two lines from a file, which nobody else should be able to read.',
    },
    old: 'Old password:',
    done: (count: number) =>
      `Password changed; ${['there were no other sessions', '1 other session ended'][count] ?? `${count} other sessions ended`}.`,
  },
  es: {
    summary: 'Cambia tu contraseña y cierra todas tus demás sesiones',
    examples: {
      'airbnb password': 'Pide la contraseña anterior, y dos veces la nueva',
      'printf \'%s\\n\' "$OLD" "$NEW" | airbnb password --password-stdin': 'En un script',
      'airbnb password --password-file old-and-new.txt': 'Lo mismo, de un archivo de dos líneas',
    },
    flags: {
      'password-stdin': 'Lee dos líneas de la entrada estándar: la contraseña anterior y la nueva.',
      'password-file': 'Lee las dos líneas de un archivo, que nadie más debería poder leer.',
    },
    old: 'Contraseña anterior:',
    done: (count: number) =>
      `Contraseña cambiada; ${['no había otras sesiones', 'se cerró otra sesión'][count] ?? `se cerraron otras ${count} sesiones`}.`,
  },
});

export default class Password extends BaseCommand<typeof Password> {
  static override texts = texts;
  static override flags = { ...passwordFlags };

  /** With nobody to ask it is wrong usage, which must not slide the session: so before that is restored. */
  override async init(): Promise<void> {
    await super.init();
    this.requirePassword(this.flags);
  }

  protected async execute() {
    const { sessions, session } = this.live;
    const [before, after] = await this.#passwords();
    await this.#counted((accounts) => accounts.changePassword(session.wire.user_id, before, after));
    const ended = await sessions.revokeAll(session.wire.user_id, { except: session.token });
    this.log(this.theme.good(texts[this.language].done(ended)));
    return { ended };
  }

  /** Whoever has found a session could guess at the password of its account here. */
  async #counted(test: (accounts: AccountService) => Promise<void>): Promise<void> {
    const { accounts } = await this.context.database();
    const limiter = await this.context.loginLimiter(this.live);
    await limiter.attempt(this.live.session.wire.email, () => test(accounts));
  }

  async #passwords(): Promise<readonly [string, string]> {
    if (givesPassword(this.flags)) return readTwoPasswords(this.flags, this.passwordInputEvents);
    const before = await askSecret(texts[this.language].old);
    await this.#counted((accounts) => accounts.assertPassword(this.live.session.wire.user_id, before));
    return [before, await askNewPassword(this.language, (line) => this.say(line))];
  }
}
