import { BaseCommand } from '../../lib/base-command.ts';
import { AppError } from '../../lib/errors.ts';
import { defineTexts } from '../../lib/i18n/language.ts';

const texts = defineTexts({
  en: {
    summary: 'Show applied and pending migrations',
    description: 'Exits with 78 if any are pending.',
    examples: { 'airbnb db status': 'The state of the database' },
    applied: (name: string) => `applied  ${name}`,
    pending: (name: string) => `pending  ${name}`,
  },
  es: {
    summary: 'Muestra las migraciones aplicadas y las pendientes',
    description: 'Termina con el código 78 si hay alguna pendiente.',
    examples: { 'airbnb db status': 'El estado de la base de datos' },
    applied: (name: string) => `aplicada   ${name}`,
    pending: (name: string) => `pendiente  ${name}`,
  },
});

export default class DbStatus extends BaseCommand<typeof DbStatus> {
  static override texts = texts;
  static override needsSession = false;

  protected async execute() {
    const t = texts[this.language];
    const { applied, pending } = await (await this.context.database()).status();
    for (const name of applied) this.log(this.theme.good(t.applied(name)));
    for (const name of pending) this.log(this.theme.warning(t.pending(name)));
    if (pending.length > 0) throw new AppError('migrations_pending', { count: pending.length });
    return { applied, pending };
  }
}
