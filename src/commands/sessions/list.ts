import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';
import type { Session } from '../../lib/session/session.ts';
import { alignRows } from '../../lib/ui/rows.ts';
import { sessionJson, sessionRows } from '../../lib/ui/session-view.ts';

const texts = defineTexts({
  en: {
    summary: 'List your live sessions, newest first',
    description: 'Refreshes the session that it runs in, and no other.',
    examples: {
      'airbnb sessions list': 'Each session with its id, start and device',
      'airbnb sessions list --json': 'The same for a script',
    },
    title: 'ACTIVE SESSIONS',
    total: (count: number) => `Active sessions: ${count}`,
    session: (number: number) => `Session ${number}:`,
    current: '(this session)',
    corrupt: (count: number) =>
      `${count === 1 ? '1 session is' : `${count} sessions are`} damaged and not shown; "airbnb sessions revoke-all" removes them.`,
  },
  es: {
    summary: 'Lista tus sesiones activas, de la más reciente a la más antigua',
    description: 'Renueva la sesión en la que se ejecuta, y ninguna otra.',
    examples: {
      'airbnb sessions list': 'Cada sesión con su id, su comienzo y su dispositivo',
      'airbnb sessions list --json': 'Lo mismo para un script',
    },
    title: 'SESIONES ACTIVAS',
    total: (count: number) => `Total de sesiones activas: ${count}`,
    session: (number: number) => `Sesión ${number}:`,
    current: '(esta sesión)',
    corrupt: (count: number) =>
      `${count === 1 ? '1 sesión está dañada y no se muestra' : `${count} sesiones están dañadas y no se muestran`}; "airbnb sessions revoke-all" las elimina.`,
  },
});

export default class SessionsList extends BaseCommand<typeof SessionsList> {
  static override texts = texts;

  protected async execute() {
    const t = texts[this.language];
    const { sessions: service, session: current } = this.live;
    const { sessions, corrupt } = await service.list(current.wire.user_id);
    this.log(this.theme.title(t.title));
    this.log(t.total(sessions.length));
    for (const [index, session] of sessions.entries()) this.#show(index + 1, session);
    if (corrupt.length > 0) this.warnUser(t.corrupt(corrupt.length));
    return { total: sessions.length, sessions: sessions.map((each) => sessionJson(each, current.token)) };
  }

  #show(number: number, session: Session): void {
    const t = texts[this.language];
    const isCurrent = session.token === this.live.session.token;
    this.log(`\n${t.session(number)}${isCurrent ? ` ${this.theme.good(t.current)}` : ''}`);
    this.log(alignRows(sessionRows(session, this.language)));
  }
}
