import { ExitCode } from '../../src/lib/exit-codes.ts';
import { errorTexts } from '../../src/lib/i18n/error-texts.ts';
import type { Language } from '../../src/lib/i18n/language.ts';
import type { Guide } from './guide.ts';

const EMAIL = 'ana@example.com';
const NOMBRE = 'Ana Pérez';

const login = { args: ['login', '--email', EMAIL, '--password-stdin'], pipesPassword: true } as const;

export async function register(guide: Guide): Promise<void> {
  const args = ['register', '--email', EMAIL, '--nombre', NOMBRE, '--password-stdin'];
  await guide.run({ args, pipesPassword: true }, { says: [EMAIL, 'HUESPED'] });
}

export async function signIn(guide: Guide): Promise<void> {
  await guide.run(login, { says: [NOMBRE, EMAIL, '90'] });
}

export async function whoami(guide: Guide): Promise<void> {
  await guide.run({ args: ['whoami'] }, { says: [NOMBRE, EMAIL, /: +90 s$/m] });
}

/** @returns the ids of the sessions, newest first */
export async function listSessions(guide: Guide, count: number): Promise<string[]> {
  const list = await guide.run({ args: ['sessions', 'list'] }, { says: [`: ${count}\n`, EMAIL] });
  return [...list.matchAll(/\bID: +([0-9a-f]{12})$/gm)].map(([, id = '']) => id);
}

export async function revokeAll(guide: Guide): Promise<void> {
  await guide.run({ args: ['sessions', 'revoke-all', '--yes'] }, { says: [/^1 /m] });
}

export async function whoamiRefused(guide: Guide, language: Language): Promise<void> {
  const says = [errorTexts[language].revoked({}).message];
  await guide.run({ args: ['whoami'] }, { code: ExitCode.notSignedIn, says });
}

/** From the first account to the end of all of its sessions. */
export async function sessionsChapter(guide: Guide, language: Language): Promise<void> {
  await register(guide);
  await signIn(guide);
  await whoami(guide);
  await signIn(guide);
  const [, older = ''] = await listSessions(guide, 2);
  await guide.run({ args: ['sessions', 'revoke', older] }, { says: [/^1 /m] });
  await revokeAll(guide);
  await whoamiRefused(guide, language);
}

/** A lifetime that is short enough to watch: the second `whoami` comes when the login's own 3 seconds are over. */
export async function slidingChapter(guide: Guide, language: Language): Promise<void> {
  const env = { AIRBNB_SESSION_TTL: '3' };
  const slid = { says: [NOMBRE, /: +3 s$/m] };
  await guide.run({ ...login, env }, { says: [NOMBRE, '3'] });
  await guide.pause(1.6);
  await guide.run({ args: ['whoami'], env }, slid);
  await guide.pause(1.6);
  await guide.run({ args: ['whoami'], env }, slid);
  await guide.pause(4);
  const says = [errorTexts[language].expired({}).message];
  await guide.run({ args: ['whoami'], env }, { code: ExitCode.notSignedIn, says });
}
