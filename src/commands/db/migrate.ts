import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';

const texts = defineTexts({
  en: {
    summary: 'Bring the tables of the database up to date',
    description:
      'Makes the tables, or adopts those of the Python system: what is missing is added, nothing is dropped or changed in type. It can be run again at any time, and by several at once.',
    examples: { 'airbnb db migrate': 'Applies what is pending' },
    progress: 'Migrating ...',
    applied: (name: string) => `Applied ${name}.`,
    nothing: 'The database is up to date.',
  },
  es: {
    summary: 'Actualiza las tablas de la base de datos',
    description:
      'Crea las tablas, o adopta las del sistema Python: añade lo que falta, y no borra ni cambia de tipo nada. Se puede repetir cuando se quiera, y desde varios procesos a la vez.',
    examples: { 'airbnb db migrate': 'Aplica lo pendiente' },
    progress: 'Aplicando migraciones ...',
    applied: (name: string) => `Aplicada ${name}.`,
    nothing: 'La base de datos está al día.',
  },
});

export default class DbMigrate extends BaseCommand<typeof DbMigrate> {
  static override texts = texts;
  static override needsSession = false;

  protected async execute() {
    const t = texts[this.language];
    const database = await this.context.database();
    if (process.stderr.isTTY) this.say(this.theme.faint(t.progress));
    const { applied } = await database.migrate();
    for (const name of applied) this.log(this.theme.good(t.applied(name)));
    if (applied.length === 0) this.log(t.nothing);
    return { applied };
  }
}
