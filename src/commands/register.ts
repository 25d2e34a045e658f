import * as Flags from '@oclif/core/flags';
import { validEmail, validNombre } from '../lib/auth/account-rules.ts';
import { assertGoodPassword } from '../lib/auth/password-rules.ts';
import { BaseCommand } from '../lib/base-command.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { sharedTexts } from '../lib/i18n/shared-texts.ts';
import { askNewPassword } from '../lib/ui/new-password.ts';
import { givesPassword, passwordFlags } from '../lib/ui/password-flags.ts';
import { profileJson } from '../lib/ui/profile-view.ts';
import { harmless } from '../lib/ui/terminal-text.ts';
import { ROLES, type Rol } from '../lib/user/rol.ts';

const texts = defineTexts({
  en: {
    summary: 'Create an account',
    description: 'Creates an account, and its guest and host profiles. It does not sign in.',
    examples: {
      'airbnb register': 'Asks for the e-mail, the name and the password',
      'airbnb register --email ana@example.com --nombre Ana --password-stdin < password.txt': 'In a script',
      'airbnb register --email luis@example.com --nombre Luis --rol ANFITRION':
        'A host; asks for the password',
    },
    flags: {
      email: 'E-mail of the account.',
      nombre: 'Name of the person.',
      rol: 'Guest (HUESPED), host (ANFITRION) or both (AMBOS).',
      'password-stdin': 'Read the password from standard input.',
      'password-file': 'Read the password from a file, which nobody else should be able to read.',
    },
    done: (email: string, rol: string) => `Account ${email} created (${rol}).`,
    next: 'Sign in with "airbnb login".',
  },
  es: {
    summary: 'Crea una cuenta',
    description: 'Crea una cuenta, y sus perfiles de huésped y anfitrión. No inicia sesión.',
    examples: {
      'airbnb register': 'Pide el correo, el nombre y la contraseña',
      'airbnb register --email ana@example.com --nombre Ana --password-stdin < password.txt': 'En un script',
      'airbnb register --email luis@example.com --nombre Luis --rol ANFITRION':
        'Un anfitrión; pide la contraseña',
    },
    flags: {
      email: 'Correo de la cuenta.',
      nombre: 'Nombre de la persona.',
      rol: 'Huésped (HUESPED), anfitrión (ANFITRION) o ambos (AMBOS).',
      'password-stdin': 'Lee la contraseña de la entrada estándar.',
      'password-file': 'Lee la contraseña de un archivo, que nadie más debería poder leer.',
    },
    done: (email: string, rol: string) => `Cuenta ${email} creada (${rol}).`,
    next: 'Inicia sesión con "airbnb login".',
  },
});

export default class Register extends BaseCommand<typeof Register> {
  static override texts = texts;
  static override needsSession = false;
  static override asksDespiteToken = true;
  static override flags = {
    email: Flags.string(),
    nombre: Flags.string({ aliases: ['name'] }),
    rol: Flags.string({ aliases: ['role'], options: ROLES, default: 'HUESPED' }),
    ...passwordFlags,
  };

  protected async execute() {
    const t = texts[this.language];
    const { ask } = sharedTexts[this.language];
    // Each is looked at at once: a mistake is told before the next question, and starts no engine.
    const email = await this.flagOrAsk('email', this.flags.email, ask.email, validEmail);
    if (this.isInteractive && !givesPassword(this.flags)) await this.#assertFree(email);
    const nombre = await this.flagOrAsk('nombre', this.flags.nombre, ask.nombre, validNombre);
    const password = await this.passwordOrAsk(this.flags, () =>
      askNewPassword(this.language, (line) => this.say(line)),
    );
    assertGoodPassword(password);
    const { accounts } = await this.context.database();
    const account = await accounts.register({ email, nombre, rol: this.flags.rol as Rol, password });
    this.log(this.theme.good(t.done(harmless(account.email), account.rol)));
    this.log(t.next);
    return profileJson(account);
  }

  /** A person is told before they think of a password. */
  async #assertFree(email: string): Promise<void> {
    const { accounts } = await this.context.database();
    await accounts.assertFree(email);
  }
}
