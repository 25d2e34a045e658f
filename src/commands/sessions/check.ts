import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/base-command.ts';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../lib/errors.ts';
import { defineTexts } from '../../lib/i18n/language.ts';
import { liveSessionJson } from '../../lib/ui/live-session-view.ts';
import { secondsLeft } from '../../lib/ui/session-view.ts';
import { harmless } from '../../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Say whether your session lives, without refreshing it',
    description:
      'Exits with 0 if it does and 4 if not, with the reason. Changes nothing, starts no engine and never asks to sign in.',
    examples: {
      'airbnb sessions check': 'Is there a live session?',
      'airbnb sessions check --min-ttl 60s || airbnb login': 'Signs in unless it lasts for another minute',
    },
    flags: { 'min-ttl': 'How long it has to last, unused: 90s, 5m or 1h.' },
    lives: (email: string, left: number | null) =>
      left === null ? `The session of ${email} has no end.` : `The session of ${email} lasts for ${left} s.`,
    duration: 'a whole number of seconds, minutes or hours, such as 90s, 5m or 1h',
  },
  es: {
    summary: 'Dice si tu sesión vive, sin renovarla',
    description:
      'Termina con 0 si vive y con 4 si no, con el motivo. No cambia nada, no arranca ningún motor y nunca pide iniciar sesión.',
    examples: {
      'airbnb sessions check': '¿Hay una sesión viva?',
      'airbnb sessions check --min-ttl 60s || airbnb login': 'Inicia sesión si no le queda otro minuto',
    },
    flags: { 'min-ttl': 'Cuánto tiene que durar, sin usarla: 90s, 5m o 1h.' },
    lives: (email: string, left: number | null) =>
      left === null ? `La sesión de ${email} no tiene fin.` : `A la sesión de ${email} le quedan ${left} s.`,
    duration: 'un número entero de segundos, minutos u horas, como 90s, 5m o 1h',
  },
});

export default class SessionsCheck extends BaseCommand<typeof SessionsCheck> {
  static override texts = texts;
  static override isPassive = true;
  static override flags = { 'min-ttl': Flags.string() };

  #minimum = 0;

  override async init(): Promise<void> {
    await super.init();
    const typed = this.flags['min-ttl'];
    if (typed === undefined) return;
    const seconds = parseDuration(typed);
    if (seconds === undefined) {
      throw new AppError('invalid_value', { flag: '--min-ttl', expected: texts[this.language].duration });
    }
    this.#minimum = seconds;
  }

  protected async execute() {
    const { wire, expiresInMs } = this.live.session;
    if (expiresInMs >= 0 && expiresInMs < this.#minimum * 1000) {
      const { ttl } = this.context.config.lifetime;
      throw new AppError('expires_soon', {
        expires_in: Math.floor(expiresInMs / 1000),
        minimum: this.#minimum,
        ...(this.#minimum >= ttl && { ttl }), // No refresh and no login here could make it last for so long.
      });
    }
    this.log(texts[this.language].lives(harmless(wire.email), secondsLeft(expiresInMs)));
    return liveSessionJson(this.live);
  }
}
