import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';
import { sharedTexts } from '../../lib/i18n/shared-texts.ts';
import { askNewPassword } from '../../lib/ui/new-password.ts';
import { passwordFlags } from '../../lib/ui/password-flags.ts';
import { harmless } from '../../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Give an account a new password, and end its sessions',
    description:
      'For accounts of the Python system, which have no password here yet, and for owners who forgot theirs. Whoever holds the credentials of the database may do it; no session is needed.',
    examples: {
      'airbnb db set-password --email ana@example.com': 'Asks for the new password, twice',
      'airbnb db set-password --email ana@example.com --password-stdin < password.txt': 'In a script',
    },
    flags: {
      email: 'E-mail of the account.',
      'password-stdin': 'Read the password from standard input.',
      'password-file': 'Read the password from a file, which nobody else should be able to read.',
    },
    done: (email: string, count: number) =>
      `${email} has a new password; ${count === 1 ? '1 session' : `${count} sessions`} ended.`,
  },
  es: {
    summary: 'Da una contraseña nueva a una cuenta y cierra sus sesiones',
    description:
      'Para cuentas del sistema Python, que aquí aún no tienen contraseña, y para quien olvidó la suya. Puede hacerlo quien tenga las credenciales de la base de datos; no hace falta una sesión.',
    examples: {
      'airbnb db set-password --email ana@example.com': 'Pide la contraseña nueva, dos veces',
      'airbnb db set-password --email ana@example.com --password-stdin < password.txt': 'En un script',
    },
    flags: {
      email: 'Correo de la cuenta.',
      'password-stdin': 'Lee la contraseña de la entrada estándar.',
      'password-file': 'Lee la contraseña de un archivo, que nadie más debería poder leer.',
    },
    done: (email: string, count: number) =>
      `${email} tiene una contraseña nueva; ${count === 1 ? '1 sesión cerrada' : `${count} sesiones cerradas`}.`,
  },
});

export default class DbSetPassword extends BaseCommand<typeof DbSetPassword> {
  static override texts = texts;
  static override needsSession = false;
  static override asksDespiteToken = true;
  static override flags = {
    email: Flags.string(),
    ...passwordFlags,
  };

  protected async execute() {
    const { ask } = sharedTexts[this.language];
    const email = await this.flagOrAsk('email', this.flags.email, ask.email);
    const password = await this.passwordOrAsk(this.flags, () =>
      askNewPassword(this.language, (line) => this.say(line)),
    );
    const { accounts } = await this.context.database();
    // Never those of a stand-in: this is to end the sessions that others may have.
    const { sessions } = await this.context.configuredBackend();
    await sessions.facts(); // A Redis that is down is found before anything is changed.
    const account = await accounts.setPassword(email, password);
    const ended = await sessions.revokeAll(account.id);
    this.log(this.theme.good(texts[this.language].done(harmless(account.email), ended)));
    return { ended };
  }
}
