import { BaseCommand } from '../lib/base-command.ts';
import { describeFailure, toAppError } from '../lib/command-failure.ts';
import {
  type CheckResult,
  DoctorService,
  type Facts,
  type ShownSetting,
  shownSettings,
} from '../lib/doctor-service.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { alignRows, shown } from '../lib/ui/rows.ts';
import { harmless } from '../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Check the configuration, the servers and the token file',
    description:
      'Says what to type for each fault, and goes on to the next check. Starts no engine and refreshes no session. Its exit code is that of the first fault.',
    examples: {
      'airbnb doctor': 'All checks',
      'airbnb doctor --json': 'The same for a script',
    },
    names: {
      configuration: 'Configuration',
      redis: 'Redis',
      postgres: 'PostgreSQL',
      migrations: 'Migrations',
      token_file: 'Token file',
      clock: 'Clock',
    },
    status: { ok: 'ok', warning: 'warning', skipped: 'not checked', fault: 'FAULT' },
    sources: { environment: 'environment', file: '.env', default: 'default' },
    secret: '(set, not shown)',
    clockOff:
      'The clocks differ: the times that are shown are off. Set the clock of this machine or of the server.',
    healthy: 'No faults.',
  },
  es: {
    summary: 'Revisa la configuración, los servidores y el archivo del token',
    description:
      'Dice qué escribir para cada fallo, y sigue con la siguiente comprobación. No arranca ningún motor ni renueva ninguna sesión. Su código de salida es el del primer fallo.',
    examples: {
      'airbnb doctor': 'Todas las comprobaciones',
      'airbnb doctor --json': 'Lo mismo para un script',
    },
    names: {
      configuration: 'Configuración',
      redis: 'Redis',
      postgres: 'PostgreSQL',
      migrations: 'Migraciones',
      token_file: 'Archivo del token',
      clock: 'Reloj',
    },
    status: { ok: 'bien', warning: 'aviso', skipped: 'sin comprobar', fault: 'FALLO' },
    sources: { environment: 'entorno', file: '.env', default: 'por defecto' },
    secret: '(definida, no se muestra)',
    clockOff:
      'Los relojes difieren: las horas que se muestran no son exactas. Ajusta el reloj de esta máquina o el del servidor.',
    healthy: 'Sin fallos.',
  },
});

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override texts = texts;
  static override needsSession = false;
  static override toleratesBadConfiguration = true;

  protected async execute() {
    const checks: CheckResult[] = [];
    for await (const check of new DoctorService(this.context).run()) {
      checks.push(check);
      this.#show(check);
    }
    const failures = checks.flatMap((check) =>
      check.status === 'fault' ? [toAppError(check.error, '')] : [],
    );
    const settings = this.#settings();
    if (failures.length === 0) this.log(`\n${this.theme.good(texts[this.language].healthy)}`);
    else process.exitCode = failures[0]?.exitCode;
    return { ok: failures.length === 0, checks: checks.map((check) => this.#json(check)), settings };
  }

  #show(check: CheckResult): void {
    const t = texts[this.language];
    const colour = { ok: 'good', warning: 'warning', skipped: 'faint', fault: 'bad' } as const;
    this.log(`${t.names[check.name]}: ${this.theme[colour[check.status]](t.status[check.status])}`);
    if (check.status === 'fault') {
      const { message, hint } = describeFailure(toAppError(check.error, ''), this.language);
      this.log(`  ${message}`);
      if (hint) this.log(`  ${hint}`);
      return;
    }
    if (Object.keys(check.facts).length > 0) this.log(alignRows(rowsOf(check.facts)));
    if (check.name === 'configuration') this.#showSettings();
    if (check.status === 'warning') this.log(`  ${t.clockOff}`);
  }

  #showSettings(): void {
    const t = texts[this.language];
    const rows = this.#settings().map(
      ({ name, value, source }) =>
        [name, `${value === null ? t.secret : harmless(value)} (${t.sources[source]})`] as const,
    );
    if (rows.length > 0) this.log(alignRows(rows));
  }

  #settings(): ShownSetting[] {
    try {
      return shownSettings(this.context.config);
    } catch {
      return []; // The configuration itself cannot be read, which its check says.
    }
  }

  #json(check: CheckResult) {
    if (check.status !== 'fault') return { name: check.name, status: check.status, facts: check.facts };
    const error = describeFailure(toAppError(check.error, ''), this.language);
    return { name: check.name, status: check.status, error };
  }
}

function rowsOf(facts: Facts) {
  return Object.entries(facts).map(([name, value]) => [name, shown(value)] as const);
}
