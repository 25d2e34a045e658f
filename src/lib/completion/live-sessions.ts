import { Context } from '../context.ts';
import { defineTexts, detectLanguage, type Language } from '../i18n/language.ts';
import { inTime } from '../in-time.ts';
import type { HeldSession } from '../session/current-session.ts';
import type { Session } from '../session/session.ts';
import type { SessionService } from '../session/session-service.ts';
import { idOfMark } from '../session/session-token.ts';
import { fromWireTime } from '../session/wire-time.ts';
import type { Environment } from '../settings.ts';
import { shown } from '../ui/rows.ts';
import type { Candidate } from './offers.ts';

/** Milliseconds that TAB waits for Redis, connecting and the look-up of its name included. */
const PATIENCE = 150;

const texts = defineTexts({
  en: { current: 'this session', ago: (age: string) => `${age} ago` },
  es: { current: 'esta sesión', ago: (age: string) => `hace ${age}` },
});

export interface Surrounding {
  readonly environment: Environment;
  readonly packageRoot: string;
}

/**
 * The user's live sessions, newest first, each with its device and age: what can be revoked. By the configuration of
 * commands; starts no engine, refreshes no session and changes nothing.
 * @param prefix what their ids begin with
 * @returns nothing where there is no live session of one's own, where that is on a stand-in, or where Redis does not answer in time
 * @throws AppError where the configuration or the token file is at fault
 */
export async function findLiveSessions(
  prefix: string,
  { environment, packageRoot }: Surrounding,
): Promise<readonly Candidate[]> {
  if (!/^[0-9a-f]{0,12}$/i.test(prefix)) return [];
  const context = new Context({
    environment,
    packageRoot,
    version: '',
    strict: false,
    isTerminal: () => false,
    onNotice: () => {},
  });
  try {
    const { config } = context;
    config.validate();
    const held = context.findHeld();
    // Of a configured or embedded Redis this loads all that is needed and waits for nothing. A stand-in is used only
    // while the configured one is away, which takes asking.
    const { kind } = await context.placeOf(held);
    const ready = kind === 'stand_in' ? undefined : await context.backendOf(held);
    const looking = async () => {
      const { sessions } = ready ?? (await context.backendOf(held));
      return lookAround(sessions, held, prefix);
    };
    const { own, all } = await inTime(looking(), PATIENCE);
    const language = detectLanguage(environment, config.settings.get('AIRBNB_LANG'));
    return all.map((session) => ({
      value: idOfMark(session.mark),
      describe: () => describe(session, session.token === own.token, language),
    }));
  } finally {
    await context.close();
  }
}

/** One's own session, whose end is that of all offers, and the others: at once where the token file knows the user. */
async function lookAround(sessions: SessionService, held: HeldSession, prefix: string) {
  const { userId } = held;
  const [own, early] = await Promise.all([
    sessions.look(held),
    userId === undefined ? undefined : sessions.glance(userId, prefix),
  ]);
  const isSame = own.wire.user_id === userId;
  return { own, all: isSame && early ? early : await sessions.glance(own.wire.user_id, prefix) };
}

/** `laptop linux airbnb/0.1.0 tty, 5 min ago`. */
function describe({ wire }: Session, isCurrent: boolean, language: Language): string {
  const started = fromWireTime(wire.created_at);
  const age = started && ageOf(started, language);
  return [shown(wire.device), age, isCurrent && texts[language].current].filter(Boolean).join(', ');
}

/** Seconds of units whose signs are the same in every language. */
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** How long ago something was, in the largest unit that is whole. Node's own Intl takes as long as the whole command. */
function ageOf(time: Date, language: Language): string {
  const seconds = Math.max(0, Math.floor((Date.now() - time.getTime()) / 1000));
  const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? (['s', 1] as const);
  return texts[language].ago(`${Math.floor(seconds / length)} ${unit}`);
}
