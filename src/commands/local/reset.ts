import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';

const texts = defineTexts({
  en: {
    summary: 'Stop the embedded engines and delete their accounts and sessions',
    examples: {
      'airbnb local reset': 'After a question',
      'airbnb local reset --yes': 'Without a question',
    },
    flags: { yes: 'Do not ask.' },
    ask: 'Delete all accounts and sessions of the embedded engines?',
    done: 'The accounts and sessions of the embedded engines are deleted.',
  },
  es: {
    summary: 'Detiene los motores integrados y borra sus cuentas y sesiones',
    examples: {
      'airbnb local reset': 'Tras una pregunta',
      'airbnb local reset --yes': 'Sin preguntar',
    },
    flags: { yes: 'No pregunta.' },
    ask: '¿Borrar todas las cuentas y sesiones de los motores integrados?',
    done: 'Las cuentas y sesiones de los motores integrados se han borrado.',
  },
});

export default class LocalReset extends BaseCommand<typeof LocalReset> {
  static override texts = texts;
  static override needsSession = false;
  static override flags = { yes: Flags.boolean({ char: 'y' }) };

  protected async execute() {
    const t = texts[this.language];
    await this.confirm(t.ask, this.flags.yes);
    await (await this.context.localEngines()).reset();
    // They keep nothing on the disk: their sessions end with them.
    for (const { engines } of (await this.context.standIns()).all()) await engines.stop();
    this.log(this.theme.good(t.done));
    return { reset: true };
  }
}
