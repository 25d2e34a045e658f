import { defineTexts, type Language } from '../i18n/language.ts';
import type { Session } from '../session/session.ts';
import { idOfMark, prefixOf } from '../session/session-token.ts';
import { fromWireTime } from '../session/wire-time.ts';
import { localTime, type Row, shown } from './rows.ts';
import { harmless } from './terminal-text.ts';

/**
 * A session as every command prints it under `--json`; docs/json.md has the table. Times are RFC 3339 with `Z`,
 * or null where a foreign client wrote something else.
 * @param currentToken the token of the session that the command itself runs in, if any
 */
export function sessionJson({ token, mark, wire, expiresInMs }: Session, currentToken: string | undefined) {
  return {
    id: idOfMark(mark),
    token_prefix: prefixOf(token),
    user_id: wire.user_id,
    email: wire.email,
    rol: wire.rol,
    auth_user_id: wire.auth_user_id ?? null,
    huesped_id: wire.huesped_id ?? null,
    anfitrion_id: wire.anfitrion_id ?? null,
    nombre: wire.nombre ?? null,
    creado_en: rfc3339(wire.creado_en),
    created_at: rfc3339(wire.created_at),
    last_activity: rfc3339(wire.last_activity),
    device: wire.device ?? null,
    ip: wire.ip ?? null,
    ip_source: wire.ip_source ?? null,
    expires_in: secondsLeft(expiresInMs),
    current: token === currentToken,
  };
}

const labels = defineTexts({
  en: {
    ownId: 'Session ID',
    token: 'Token',
    email: 'E-mail',
    created: 'Started',
    activity: 'Last activity',
    left: 'Time left',
    device: 'Device',
    noEnd: 'no end',
  },
  es: {
    ownId: 'ID de sesión',
    token: 'Token',
    email: 'Email', // the word of the menu that this replaces
    created: 'Creada',
    activity: 'Última actividad',
    left: 'Tiempo restante',
    device: 'Dispositivo',
    noEnd: 'sin fin',
  },
});

/** The lines of one session for a person, in the order of the menu that this CLI replaces. */
export function sessionRows({ token, mark, wire, expiresInMs }: Session, language: Language): Row[] {
  const t = labels[language];
  const left = secondsLeft(expiresInMs);
  return [
    ['ID', idOfMark(mark)],
    [t.token, `${harmless(prefixOf(token))}...`],
    [t.email, harmless(wire.email)],
    [t.created, localTime(wire.created_at)],
    [t.activity, localTime(wire.last_activity)],
    [t.left, left === null ? t.noEnd : `${left} s`],
    [t.device, shown(wire.device)],
    ['IP', shown(wire.ip)],
  ];
}

/** The same beside the account, which says the e-mail and has ids of its own. */
export function ownSessionRows(session: Session, language: Language): Row[] {
  const t = labels[language];
  const [, ...rows] = sessionRows(session, language);
  return [[t.ownId, idOfMark(session.mark)], ...rows.filter(([label]) => label !== t.email)];
}

function rfc3339(text: unknown): string | null {
  return fromWireTime(text)?.toISOString() ?? null;
}

/** Whole seconds, never 0 for what still lives; null for a session without an end. */
export function secondsLeft(milliseconds: number): number | null {
  return milliseconds < 0 ? null : Math.max(1, Math.ceil(milliseconds / 1000));
}
