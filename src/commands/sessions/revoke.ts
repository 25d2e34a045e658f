import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../lib/base-command.ts';
import { AppError } from '../../lib/errors.ts';
import { defineTexts } from '../../lib/i18n/language.ts';
import { looksLikeToken } from '../../lib/session/session-token.ts';

const texts = defineTexts({
  en: {
    summary: 'End some of your sessions, by their ids',
    description:
      'An id is what "airbnb sessions list" shows; its beginning is enough where it is at least 4 hexadecimal digits long and means one session. All ids are looked up first: if one is unknown or ambiguous, no session is ended.',
    examples: {
      'airbnb sessions revoke 3f9a1c0b7d2e': 'One session',
      'airbnb sessions revoke 3f9a 8c01': 'Two, by the beginnings of their ids',
    },
    args: { id: 'Id of a session, or its beginning.' },
    done: (count: number) => (count === 1 ? '1 session ended.' : `${count} sessions ended.`),
    expected: 'the id of a session: 4 to 12 digits from 0 to f',
  },
  es: {
    summary: 'Cierra algunas de tus sesiones, por sus ids',
    description:
      'Un id es lo que muestra "airbnb sessions list"; basta su comienzo si tiene al menos 4 dígitos hexadecimales y nombra una sola sesión. Primero se buscan todos: si uno es desconocido o ambiguo, no se cierra ninguna sesión.',
    examples: {
      'airbnb sessions revoke 3f9a1c0b7d2e': 'Una sesión',
      'airbnb sessions revoke 3f9a 8c01': 'Dos, por el comienzo de sus ids',
    },
    args: { id: 'Id de una sesión, o su comienzo.' },
    done: (count: number) => (count === 1 ? '1 sesión cerrada.' : `${count} sesiones cerradas.`),
    expected: 'el id de una sesión: de 4 a 12 dígitos de 0 a f',
  },
});

export default class SessionsRevoke extends BaseCommand<typeof SessionsRevoke> {
  static override texts = texts;
  static override args = { id: Args.string({ required: true, multiple: true, ignoreStdin: true }) };
  static override completes = { id: 'sessions' } as const;

  /** A malformed id is a typo: it must not slide the session, so it is found before that is restored. */
  override async init(): Promise<void> {
    await super.init();
    for (const id of this.args.id) {
      if (looksLikeToken(id)) throw new AppError('token_as_argument');
      if (!/^[0-9a-f]{4,12}$/i.test(id)) {
        throw new AppError('invalid_value', { flag: 'ID', expected: texts[this.language].expected });
      }
    }
  }

  protected async execute() {
    const { sessions, session } = this.live;
    const ended = await sessions.revoke(session.wire.user_id, this.args.id);
    this.log(this.theme.good(texts[this.language].done(ended)));
    return { ended };
  }
}
