import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';

const texts = defineTexts({
  en: {
    summary: 'End all of your sessions',
    description: 'Ends the current session too, unless --except-current is given.',
    examples: {
      'airbnb sessions revoke-all': 'All sessions, after a question',
      'airbnb sessions revoke-all --except-current --yes': 'All others, without a question',
    },
    flags: {
      'except-current': 'Keep the current session.',
      yes: 'Do not ask.',
    },
    ask: 'End all of your sessions, this one included?',
    askOthers: 'End all of your other sessions?',
    progress: (done: number, total: number) => `${done} of ${total} ended ...`,
    done: (count: number) => (count === 1 ? '1 session ended.' : `${count} sessions ended.`),
  },
  es: {
    summary: 'Cierra todas tus sesiones',
    description: 'Cierra también la sesión actual, salvo con --except-current.',
    examples: {
      'airbnb sessions revoke-all': 'Todas las sesiones, tras una pregunta',
      'airbnb sessions revoke-all --except-current --yes': 'Todas las demás, sin preguntar',
    },
    flags: {
      'except-current': 'Conserva la sesión actual.',
      yes: 'No pregunta.',
    },
    ask: '¿Cerrar todas tus sesiones, también esta?',
    askOthers: '¿Cerrar todas tus demás sesiones?',
    progress: (done: number, total: number) => `${done} de ${total} cerradas ...`,
    done: (count: number) => (count === 1 ? '1 sesión cerrada.' : `${count} sesiones cerradas.`),
  },
});

/** From so many sessions on there is something to wait for. */
const MANY = 1_000;

export default class SessionsRevokeAll extends BaseCommand<typeof SessionsRevokeAll> {
  static override texts = texts;
  static override flags = {
    'except-current': Flags.boolean(),
    yes: Flags.boolean({ char: 'y' }),
  };

  /** With nobody to ask it is wrong usage, which must not slide the session: so before that is restored. */
  override async init(): Promise<void> {
    await super.init();
    this.requireConfirmable(this.flags.yes);
  }

  protected async execute() {
    const t = texts[this.language];
    const { sessions, session } = this.live;
    const keep = this.flags['except-current'] ? session.token : undefined;
    await this.confirm(keep ? t.askOthers : t.ask, this.flags.yes);
    const ended = await sessions.revokeAll(session.wire.user_id, {
      except: keep,
      last: session.token,
      onProgress: (done, total) => {
        if (process.stderr.isTTY && total >= MANY && done < total) this.say(t.progress(done, total));
      },
    });
    this.log(this.theme.good(t.done(ended)));
    return { ended };
  }
}
