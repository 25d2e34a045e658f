import { BaseCommand } from '../lib/base-command.ts';
import { describeFailure, toAppError } from '../lib/command-failure.ts';
import {
  type CheckResult,
  DoctorService,
  type Facts,
  type ShownSetting,
  shownSettings,
} from '../lib/doctor-service.ts';
import { AppError } from '../lib/errors.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { alignRows, type Row, shown } from '../lib/ui/rows.ts';
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
    facts: {
      env_file: 'Settings file',
      session_ttl: 'Lifetime in seconds',
      session_max_age: 'Longest life in seconds',
      strict: 'Strict',
      server: 'Server',
      version: 'Version',
      address: 'Our address there',
      tls: 'TLS (sslmode)',
      embedded: 'Embedded',
      running: 'Running',
      folder: 'Folder',
      applied: 'Applied',
      pending: 'Pending',
      signed_in: 'Signed in',
      source: 'Token source',
      degraded: 'On a stand-in',
      path: 'Path',
      difference_ms: 'Difference in ms',
    } as Record<string, string>,
    values: {
      true: 'yes',
      false: 'no',
      null: '-',
      source: { file: 'token file', env: 'AIRBNB_TOKEN' } as Record<string, string>,
    },
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
    facts: {
      env_file: 'Archivo de configuración',
      session_ttl: 'Duración en segundos',
      session_max_age: 'Vida máxima en segundos',
      strict: 'Estricto',
      server: 'Servidor',
      version: 'Versión',
      address: 'Nuestra dirección allí',
      tls: 'TLS (sslmode)',
      embedded: 'Integrado',
      running: 'En marcha',
      folder: 'Carpeta',
      applied: 'Aplicadas',
      pending: 'Pendientes',
      signed_in: 'Sesión iniciada',
      source: 'Origen del token',
      degraded: 'En un sustituto',
      path: 'Ruta',
      difference_ms: 'Diferencia en ms',
    },
    values: {
      true: 'sí',
      false: 'no',
      null: '-',
      source: { file: 'archivo del token', env: 'AIRBNB_TOKEN' },
    },
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
    const failures = checks.flatMap((check) => (check.status === 'fault' ? [faultOf(check.error)] : []));
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
      const { message, hint } = describeFailure(faultOf(check.error), this.language);
      this.log(`  ${message}`);
      if (hint) this.log(`  ${hint}`);
      return;
    }
    if (Object.keys(check.facts).length > 0) this.log(alignRows(this.#rowsOf(check.facts)));
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

  #rowsOf(facts: Facts): Row[] {
    const { facts: labels, values } = texts[this.language];
    const words: Record<string, string> = { true: values.true, false: values.false, null: values.null };
    return Object.entries(facts).map(([name, value]) => {
      const word = name === 'source' ? values.source[String(value)] : words[String(value)];
      return [labels[name] ?? name, word ?? shown(value)];
    });
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
    const error = describeFailure(faultOf(check.error), this.language);
    return { name: check.name, status: check.status, error };
  }
}

/** Its words know who says them: a hint does not send people to the command that they are in. */
function faultOf(error: unknown): AppError {
  const { reason, params, cause } = toAppError(error, '');
  return new AppError(reason, { ...params, saidBy: 'doctor' }, { cause });
}
