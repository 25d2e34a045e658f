import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import { AppError } from '../lib/errors.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import type { HeldSession } from '../lib/session/current-session.ts';

const texts = defineTexts({
  en: {
    summary: 'Sign out: end the session and remove the token file',
    description:
      'Ends the session on the server first and removes the token file then. Where the server does not answer the file is kept, as the session still lives.',
    examples: {
      'airbnb logout': 'Ends the session',
      'airbnb logout --local': 'Only removes the token file; the session ends by its lifetime',
    },
    flags: { local: 'Only remove the token file; ask no server.' },
    already: 'You were not signed in.',
    nothing: 'There is no token file.',
    local: 'The token file was removed. The session was not ended: it ends by itself, by its lifetime.',
    done: {
      file: 'Signed out.',
      env: 'Signed out: the session of AIRBNB_TOKEN was ended. Unset it; the token file was left alone.',
      envBefore: 'The session of AIRBNB_TOKEN had ended before. Unset it; the token file was left alone.',
    },
    tokenEmpty:
      'AIRBNB_TOKEN is set but empty, so there was no session to end. Unset it to use the token file.',
    tokenStays: 'AIRBNB_TOKEN is set and still wins: the commands that follow use it, until you unset it.',
  },
  es: {
    summary: 'Cierra la sesión y borra el archivo del token',
    description:
      'Primero termina la sesión en el servidor y después borra el archivo del token. Si el servidor no responde, el archivo se conserva, porque la sesión sigue viva.',
    examples: {
      'airbnb logout': 'Cierra la sesión',
      'airbnb logout --local': 'Solo borra el archivo del token; la sesión termina por su tiempo de vida',
    },
    flags: { local: 'Solo borra el archivo del token; no contacta con ningún servidor.' },
    already: 'No habías iniciado sesión.',
    nothing: 'No hay ningún archivo del token.',
    local: 'Se borró el archivo del token. La sesión no se cerró: termina sola, por su tiempo de vida.',
    done: {
      file: 'Sesión cerrada.',
      env: 'Sesión cerrada: la de AIRBNB_TOKEN. Elimínala del entorno; el archivo del token no se tocó.',
      envBefore:
        'La sesión de AIRBNB_TOKEN ya había terminado. Elimínala del entorno; el archivo del token no se tocó.',
    },
    tokenEmpty:
      'AIRBNB_TOKEN está definida pero vacía, y no había ninguna sesión que cerrar. Elimínala del entorno para usar el archivo del token.',
    tokenStays:
      'AIRBNB_TOKEN está definida y sigue teniendo prioridad: las órdenes siguientes la usan hasta que la quites.',
  },
});

export default class Logout extends BaseCommand<typeof Logout> {
  static override texts = texts;
  static override needsSession = false;
  static override flags = { local: Flags.boolean() };

  protected async execute() {
    const t = texts[this.language];
    const file = this.context.sessionFile;
    const { token } = this.context.config;
    if (this.flags.local) {
      file.refuseUnsafe();
      this.log(file.remove() ? t.local : t.nothing);
      if (token !== undefined) this.warnUser(t.tokenStays);
      return { ended: 0 };
    }
    const held = this.#held();
    if (!held) {
      this.log(t.already);
      if (token !== undefined) this.warnUser(t.tokenEmpty);
      return { ended: 0 };
    }
    const ended = await this.#end(held);
    if (held.source === 'file') file.removeIfHolds(held.token);
    const what = held.source === 'file' ? 'file' : ended > 0 ? 'env' : 'envBefore';
    this.log(this.theme.good(t.done[what]));
    return { ended };
  }

  /** A malformed file is removed, as there is no session in it; a malformed AIRBNB_TOKEN is an error. */
  #held(): HeldSession | undefined {
    try {
      return this.context.findHeld();
    } catch (error) {
      const reason = error instanceof AppError ? error.reason : undefined;
      if (reason === 'never') return undefined;
      if (reason !== 'malformed' || this.context.config.token !== undefined) throw error;
      this.context.sessionFile.remove();
      return undefined;
    }
  }

  async #end(held: HeldSession): Promise<number> {
    try {
      const { sessions } = await this.context.backendOf(held);
      return await sessions.end(held.token, held.userId);
    } catch (error) {
      if (error instanceof AppError && error.reason === 'expired') return 0;
      throw error;
    }
  }
}
