import { BaseCommand } from '../lib/base-command.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { liveSessionJson } from '../lib/ui/live-session-view.ts';
import { alignRows, localTime, shown } from '../lib/ui/rows.ts';
import { ownSessionRows } from '../lib/ui/session-view.ts';
import { harmless } from '../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Show who is signed in, and the session',
    description: 'Like every command that needs a session, it refreshes it.',
    examples: {
      'airbnb whoami': 'The profile and the session',
      'airbnb whoami --json': 'The same for a script',
    },
    rol: 'Role',
    user: 'User ID',
    guest: 'Guest ID',
    host: 'Host ID',
    auth: 'Auth user ID',
    since: 'Account since',
    server: 'Server',
    engine: { redis: 'Redis', embedded: 'embedded' },
    standIn: 'in the place of Redis',
    token: 'Token source',
    source: { env: 'AIRBNB_TOKEN', file: 'the token file' },
  },
  es: {
    summary: 'Muestra quién ha iniciado sesión y los datos de la sesión',
    description: 'Como toda orden que necesita una sesión, la renueva.',
    examples: {
      'airbnb whoami': 'El perfil y la sesión',
      'airbnb whoami --json': 'Lo mismo para un script',
    },
    rol: 'Rol',
    user: 'ID de usuario',
    guest: 'ID de huésped',
    host: 'ID de anfitrión',
    auth: 'ID de autenticación',
    since: 'Cuenta desde',
    server: 'Servidor',
    engine: { redis: 'Redis', embedded: 'integrado' },
    standIn: 'en lugar de Redis',
    token: 'Origen del token',
    source: { env: 'AIRBNB_TOKEN', file: 'el archivo del token' },
  },
});

export default class Whoami extends BaseCommand<typeof Whoami> {
  static override texts = texts;

  protected async execute() {
    const { live } = this;
    const { wire } = live.session;
    const t = texts[this.language];
    this.log(this.theme.title(`${shown(wire.nombre)} <${harmless(wire.email)}>`));
    this.log(
      alignRows([
        [t.rol, harmless(wire.rol)],
        [t.user, shown(wire.user_id)],
        [t.guest, shown(wire.huesped_id)],
        [t.host, shown(wire.anfitrion_id)],
        [t.auth, shown(wire.auth_user_id)],
        [t.since, localTime(wire.creado_en)],
        ...ownSessionRows(live.session, this.language),
        [t.server, `${live.server} (${live.degraded ? t.standIn : t.engine[live.engine]})`],
        [t.token, t.source[live.source]],
      ]),
    );
    return liveSessionJson(live);
  }
}
