import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import type { LiveSession } from '../lib/context.ts';
import { AppError } from '../lib/errors.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { sharedTexts } from '../lib/i18n/shared-texts.ts';
import { liveSessionJson } from '../lib/ui/live-session-view.ts';
import { print } from '../lib/ui/output.ts';
import { passwordFlags } from '../lib/ui/password-flags.ts';
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
      'airbnb login --email ana@example.com --password-file password.txt': 'The same',
      'export AIRBNB_TOKEN="$(airbnb login --token-only --email ana@example.com --password-file password.txt)"':
        'For this shell alone',
    },
    flags: {
      email: 'E-mail of the account.',
      'password-stdin': 'Read the password from standard input.',
      'password-file': 'Read the password from a file, which nobody else should be able to read.',
      'token-only': 'Print the token, for AIRBNB_TOKEN, and nothing else; write no file.',
    },
    lifetime: 'To change the lifetime, set AIRBNB_SESSION_TTL (seconds) for every command.',
    tokenSet: 'AIRBNB_TOKEN is set and still wins: the commands that follow use it, until you unset it.',
    tokenEmpty:
      'AIRBNB_TOKEN is set, but empty: the commands that follow are not signed in, until you unset it.',
    tokenToReplace:
      'AIRBNB_TOKEN is set: the commands that follow use the session that it holds now, until you replace it by the new token.',
  },
  es: {
    summary: 'Inicia sesión y la conserva para las órdenes siguientes',
    description:
      'Crea una sesión nueva y escribe su token en el archivo del token. La sesión termina si no se usa durante su tiempo de vida; cada orden la renueva.',
    examples: {
      'airbnb login': 'Pide el correo y la contraseña',
      'airbnb login --email ana@example.com --password-stdin < password.txt': 'En un script',
      'airbnb login --email ana@example.com --password-file password.txt': 'Lo mismo',
      'export AIRBNB_TOKEN="$(airbnb login --token-only --email ana@example.com --password-file password.txt)"':
        'Solo para este shell',
    },
    flags: {
      email: 'Correo de la cuenta.',
      'password-stdin': 'Lee la contraseña de la entrada estándar.',
      'password-file': 'Lee la contraseña de un archivo, que nadie más debería poder leer.',
      'token-only': 'Imprime el token, para AIRBNB_TOKEN, y nada más; no escribe ningún archivo.',
    },
    lifetime: 'Para cambiar la duración, define AIRBNB_SESSION_TTL (segundos) para todas las órdenes.',
    tokenSet:
      'AIRBNB_TOKEN está definida y sigue teniendo prioridad: las órdenes siguientes la usan hasta que la quites.',
    tokenEmpty:
      'AIRBNB_TOKEN está definida, pero vacía: las órdenes siguientes no tienen sesión hasta que la quites.',
    tokenToReplace:
      'AIRBNB_TOKEN está definida: las órdenes siguientes usan la sesión que contiene ahora, hasta que pongas el token nuevo en su lugar.',
  },
});

export default class Login extends BaseCommand<typeof Login> {
  static override texts = texts;
  static override needsSession = false;
  static override asksDespiteToken = true;
  static override flags = {
    email: Flags.string(),
    ...passwordFlags,
    'token-only': Flags.boolean(),
  };

  override async init(): Promise<void> {
    await super.init();
    if (this.flags['token-only'] && this.flags.json) {
      throw new AppError('json_refused', { flag: '--json', command: 'login --token-only' });
    }
  }

  protected async execute() {
    const { ask } = sharedTexts[this.language];
    const tokenOnly = this.flags['token-only'];
    if (!tokenOnly) this.context.sessionFile.refuseUnsafe(); // Before anybody types a password.
    const email = await this.flagOrAsk('email', this.flags.email, ask.email);
    const password = await this.passwordOrAsk(this.flags, () => askSecret(ask.password));
    const live = await this.signIn(email, password, !tokenOnly);
    if (tokenOnly) return this.#printToken(live);
    this.#tell(live);
    return liveSessionJson(live);
  }

  /** The one place where a token is printed. A session whose token nobody got is ended again. */
  async #printToken({ session, sessions }: LiveSession): Promise<void> {
    try {
      print(`${session.token}\n`);
    } catch (error) {
      await sessions.end(session.token, session.wire.user_id);
      throw error;
    }
    // One that is empty is what a script makes that has none yet.
    if (this.context.config.token) this.warnUser(texts[this.language].tokenToReplace);
  }

  #tell(live: LiveSession): void {
    const t = texts[this.language];
    const shared = sharedTexts[this.language];
    const { nombre, email: signedIn } = live.session.wire;
    this.log(this.theme.good(shared.signedIn(harmless(nombre), harmless(signedIn))));
    this.log(shared.sessionCreated(this.context.config.lifetime.ttl));
    this.log(this.theme.faint(t.lifetime));
    const { token } = this.context.config;
    if (token !== undefined) this.warnUser(token === '' ? t.tokenEmpty : t.tokenSet);
  }
}
