import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import { AppError } from '../lib/errors.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { askNewPassword, twoPasswordsFromStdin } from '../lib/ui/password-input.ts';
import { askSecret } from '../lib/ui/prompts.ts';

const texts = defineTexts({
  en: {
    summary: 'Change your password, and end all of your other sessions',
    examples: {
      'airbnb password': 'Asks for the old password, and twice for the new one',
      'printf \'%s\\n\' "$OLD" "$NEW" | airbnb password --password-stdin': 'In a script',
    },
    flags: { 'password-stdin': 'Read two lines from standard input: the old password and the new one.' },
    old: 'Old password:',
    done: (count: number) =>
      `Password changed; ${count === 1 ? '1 other session' : `${count} other sessions`} ended.`,
  },
  es: {
    summary: 'Cambia tu contraseña y cierra todas tus demás sesiones',
    examples: {
      'airbnb password': 'Pide la contraseña anterior, y dos veces la nueva',
      'printf \'%s\\n\' "$OLD" "$NEW" | airbnb password --password-stdin': 'En un script',
    },
    flags: { 'password-stdin': 'Lee dos líneas de la entrada estándar: la contraseña anterior y la nueva.' },
    old: 'Contraseña anterior:',
    done: (count: number) =>
      `Contraseña cambiada; ${count === 1 ? 'se cerró otra sesión' : `se cerraron otras ${count} sesiones`}.`,
  },
});

export default class Password extends BaseCommand<typeof Password> {
  static override texts = texts;
  static override flags = { 'password-stdin': Flags.boolean() };

  /** With nobody to ask it is wrong usage, which must not slide the session: so before that is restored. */
  override async init(): Promise<void> {
    await super.init();
    if (!this.flags['password-stdin'] && !this.isInteractive) {
      throw new AppError('missing_flag', { flag: '--password-stdin', command: 'password' });
    }
  }

  protected async execute() {
    const { sessions, session } = this.live;
    const [before, after] = await this.#passwords();
    const { accounts } = await this.context.database();
    await accounts.changePassword(session.wire.user_id, before, after);
    const ended = await sessions.revokeAll(session.wire.user_id, { except: session.token });
    this.log(this.theme.good(texts[this.language].done(ended)));
    return { ended };
  }

  async #passwords(): Promise<readonly [string, string]> {
    if (this.flags['password-stdin']) return twoPasswordsFromStdin();
    return [await askSecret(texts[this.language].old), await askNewPassword(this.language)];
  }
}
