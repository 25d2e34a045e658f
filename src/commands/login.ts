import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { sharedTexts } from '../lib/i18n/shared-texts.ts';
import { liveSessionJson } from '../lib/ui/live-session-view.ts';
import { askSecret } from '../lib/ui/prompts.ts';
import { harmless } from '../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Sign in and keep the session for the commands that follow',
    description:
      'Starts a new session and writes its token to the token file. The session ends when it is not used for its lifetime; every command refreshes it.',
    examples: {
      'airbnb login': 'Asks for the e-mail and the password',
      'airbnb login --email ana@example.com --password-stdin < password.txt': 'In a script',
    },
    flags: {
      email: 'E-mail of the account.',
      'password-stdin': 'Read the password from standard input.',
    },
    lifetime: 'To change the lifetime, set AIRBNB_SESSION_TTL (seconds).',
    tokenSet: 'AIRBNB_TOKEN is set and still wins: the commands that follow use it, until you unset it.',
  },
  es: {
    summary: 'Inicia sesión y la conserva para las órdenes siguientes',
    description:
      'Crea una sesión nueva y escribe su token en el archivo del token. La sesión termina si no se usa durante su tiempo de vida; cada orden la renueva.',
    examples: {
      'airbnb login': 'Pide el correo y la contraseña',
      'airbnb login --email ana@example.com --password-stdin < password.txt': 'En un script',
    },
    flags: {
      email: 'Correo de la cuenta.',
      'password-stdin': 'Lee la contraseña de la entrada estándar.',
    },
    lifetime: 'Para cambiar la duración, define AIRBNB_SESSION_TTL (segundos).',
    tokenSet:
      'AIRBNB_TOKEN está definida y sigue teniendo prioridad: las órdenes siguientes la usan hasta que la quites.',
  },
});

export default class Login extends BaseCommand<typeof Login> {
  static override texts = texts;
  static override needsSession = false;
  static override asksDespiteToken = true;
  static override flags = {
    email: Flags.string(),
    'password-stdin': Flags.boolean(),
  };

  protected async execute() {
    const t = texts[this.language];
    const shared = sharedTexts[this.language];
    this.context.sessionFile.refuseUnsafe(); // Before anybody types a password.
    const email = await this.flagOrAsk('email', this.flags.email, shared.ask.email);
    const live = await this.signIn(
      email,
      await this.passwordOrAsk(this.flags['password-stdin'], () => askSecret(shared.ask.password)),
    );
    const { nombre, email: signedIn } = live.session.wire;
    this.log(this.theme.good(shared.signedIn(harmless(nombre), harmless(signedIn))));
    this.log(shared.sessionCreated(this.context.config.lifetime.ttl));
    this.log(this.theme.faint(t.lifetime));
    if (this.context.config.token !== undefined) this.warnUser(t.tokenSet);
    return liveSessionJson(live);
  }
}
