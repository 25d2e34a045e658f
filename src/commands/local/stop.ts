import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';

const texts = defineTexts({
  en: {
    summary: 'Stop the embedded engines',
    description:
      'Sessions on them end; accounts are kept. The next command that needs them starts them again. It also stops engines that do not answer, and those that stand in for a Redis that cannot be reached.',
    examples: { 'airbnb local stop': 'Ends them, and waits until they are gone' },
    done: 'The embedded engines were stopped.',
    none: 'The embedded engines were not running.',
  },
  es: {
    summary: 'Detiene los motores integrados',
    description:
      'Sus sesiones terminan; las cuentas se conservan. La próxima orden que los necesite los arranca otra vez. También detiene los motores que no responden, y los que sustituyen a un Redis al que no se puede llegar.',
    examples: { 'airbnb local stop': 'Los detiene, y espera a que terminen' },
    done: 'Los motores integrados se han detenido.',
    none: 'Los motores integrados no estaban en marcha.',
  },
});

export default class LocalStop extends BaseCommand<typeof LocalStop> {
  static override texts = texts;
  static override needsSession = false;

  protected async execute() {
    const t = texts[this.language];
    let stopped = await (await this.context.localEngines()).stop();
    for (const { engines } of (await this.context.standIns()).all()) {
      if (await engines.stop()) stopped = true;
    }
    this.log(stopped ? this.theme.good(t.done) : t.none);
    return { stopped };
  }
}
