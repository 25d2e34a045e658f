import { describeFailure, toAppError } from '../command-failure.ts';
import type { CheckName, CheckResult, Facts, SkipReason, Warning } from '../doctor-service.ts';
import { AppError, type ErrorParams } from '../errors.ts';
import type { ErrorText } from '../i18n/error-texts.ts';
import { defineTexts, type Language } from '../i18n/language.ts';
import type { SettingSource } from '../settings.ts';
import type { ShownSetting } from '../settings-review.ts';
import { alignRows, type Row, shown } from './rows.ts';
import { harmless } from './terminal-text.ts';
import type { Theme } from './theme.ts';

type OwnWarning = Exclude<Warning, AppError>['reason'];

interface DoctorTexts {
  readonly names: Readonly<Record<CheckName, string>>;
  readonly status: Readonly<Record<CheckResult['status'], string>>;
  readonly sources: Readonly<Record<SettingSource, string>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly values: {
    readonly true: string;
    readonly false: string;
    readonly null: string;
    readonly session: Readonly<Record<string, string>>;
    readonly source: Readonly<Record<string, string>>;
  };
  readonly secret: string;
  readonly skipped: Readonly<Record<SkipReason, string>>;
  readonly warnings: Readonly<Record<OwnWarning, (params: ErrorParams) => ErrorText>>;
  readonly healthy: string;
}

/** A path as a shell takes it. */
const quoted = (path: unknown) => `'${String(path).replaceAll("'", "'\\''")}'`;

const texts = defineTexts<DoctorTexts>({
  en: {
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
      session: 'Session',
      expires_in: 'Seconds left',
      signed_in: 'Signed in',
      source: 'Token source',
      degraded: 'On a stand-in',
      path: 'Path',
      difference_ms: 'Difference in ms',
    },
    values: {
      true: 'yes',
      false: 'no',
      null: '-',
      session: {
        live: 'live',
        expired: 'expired',
        revoked: 'revoked',
        corrupt: 'damaged',
        other_server: 'of a stand-in whose Redis is back',
        null: 'not checked: who keeps it did not answer',
      },
      source: { file: 'token file', env: 'AIRBNB_TOKEN' },
    },
    secret: '(set, not shown)',
    skipped: {
      embedded: 'Nothing to look at: the engine is embedded.',
      engine_fault: 'Its engine could not be asked, for the reason above.',
      same_fault: 'The fault that is told above keeps it from being checked.',
    },
    warnings: {
      clock_off: () => ({
        message: 'The clocks differ: the times that are shown are off.',
        hint: 'Set the clock of this machine or of the server.',
      }),
      env_file_open: ({ path }) => ({
        message: `The settings file ${path} holds a password or a token, and others can read it.`,
        hint: `Close it with: chmod 600 ${quoted(path)}`,
      }),
      unknown_setting: ({ setting, nearest }) => ({
        message: `${setting} is set, and no variable of airbnb: it has no effect.`,
        hint: nearest ? `Did you mean ${nearest}?` : 'The README has a table of all variables.',
      }),
    },
    healthy: 'No faults.',
  },
  es: {
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
      session: 'Sesión',
      expires_in: 'Segundos que le quedan',
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
      session: {
        live: 'viva',
        expired: 'caducada',
        revoked: 'revocada',
        corrupt: 'dañada',
        other_server: 'de un sustituto cuyo Redis ha vuelto',
        null: 'sin comprobar: quien la guarda no respondió',
      },
      source: { file: 'archivo del token', env: 'AIRBNB_TOKEN' },
    },
    secret: '(definida, no se muestra)',
    skipped: {
      embedded: 'No hay nada que mirar: el motor es el integrado.',
      engine_fault: 'No se pudo preguntar a su motor, por lo dicho arriba.',
      same_fault: 'Lo impide el fallo que se dice arriba.',
    },
    warnings: {
      clock_off: () => ({
        message: 'Los relojes difieren: las horas que se muestran no son exactas.',
        hint: 'Ajusta el reloj de esta máquina o el del servidor.',
      }),
      env_file_open: ({ path }) => ({
        message: `El archivo de configuración ${path} contiene una contraseña o un token, y otros pueden leerlo.`,
        hint: `Ciérralo con: chmod 600 ${quoted(path)}`,
      }),
      unknown_setting: ({ setting, nearest }) => ({
        message: `${setting} está definida y no es una variable de airbnb: no tiene efecto.`,
        hint: nearest ? `¿Querías decir ${nearest}?` : 'El README tiene una tabla con todas las variables.',
      }),
    },
    healthy: 'Sin fallos.',
  },
});

const COLOURS = { ok: 'good', warning: 'warning', skipped: 'faint', fault: 'bad' } as const;

/** A check for a person: its verdict, what it found, and what to type. */
export function checkLines(check: CheckResult, language: Language, theme: Theme): string {
  const t = texts[language];
  const lines = [`${t.names[check.name]}: ${theme[COLOURS[check.status]](t.status[check.status])}`];
  if (Object.keys(check.facts).length > 0) lines.push(alignRows(rowsOf(check.facts, language)));
  if (check.status === 'skipped') lines.push(`  ${t.skipped[check.why]}`);
  const sayings =
    check.status === 'fault'
      ? [describeFailure(faultOf(check.error), language)]
      : check.status === 'warning'
        ? check.warnings.map((warning) => wordsOf(warning, language))
        : [];
  for (const { message, hint } of sayings) {
    lines.push(`  ${message}`);
    if (hint) lines.push(`  ${hint}`);
  }
  return lines.join('\n');
}

/** The settings that are set, each with where. */
export function settingLines(settings: readonly ShownSetting[], language: Language): string {
  const t = texts[language];
  return alignRows(
    settings.map(
      ({ name, value, source }) =>
        [name, `${value === null ? t.secret : harmless(value)} (${t.sources[source]})`] as const,
    ),
  );
}

/** What is said where no check found a fault. */
export const healthyLine = (language: Language) => texts[language].healthy;

/** A check as it is printed under `--json`; docs/json.md has the table. */
export function checkJson(check: CheckResult, language: Language) {
  const { name, status, facts } = check;
  switch (check.status) {
    case 'skipped':
      return { name, status, facts, why: check.why };
    case 'warning':
      return { name, status, facts, warnings: check.warnings.map((each) => wordsOf(each, language)) };
    case 'fault':
      return { name, status, facts, error: describeFailure(faultOf(check.error), language) };
    default:
      return { name, status, facts };
  }
}

/** Its words know who says them: a hint does not send people to the command that they are in. */
export function faultOf(error: unknown): AppError {
  const { reason, params, cause } = toAppError(error, '');
  return new AppError(reason, { ...params, saidBy: 'doctor' }, { cause });
}

/** What to say of a warning; its reason is as stable as those of errors. */
function wordsOf(warning: Warning, language: Language) {
  if (warning instanceof AppError) {
    const { reason, message, hint } = describeFailure(warning, language);
    return { reason, message, hint };
  }
  const { reason, params } = warning;
  const { message, hint = null } = texts[language].warnings[reason](params);
  const setting = 'setting' in params ? { setting: params.setting } : {};
  return { reason, message, hint, ...setting };
}

function rowsOf(facts: Facts, language: Language): Row[] {
  const { facts: labels, values } = texts[language];
  const words: Readonly<Record<string, string>> = {
    true: values.true,
    false: values.false,
    null: values.null,
  };
  return Object.entries(facts).map(([name, value]) => {
    const own = name === 'source' || name === 'session' ? values[name] : words;
    return [labels[name] ?? name, own[String(value)] ?? shown(value)];
  });
}
