import type { ExitCode } from '../exit-codes.ts';
import { defineTexts } from './language.ts';

/** Subject of help that is neither a topic nor a command. */
export const EXIT_CODES = 'exit-codes';

/** What the help says that belongs to no single command. */
interface HelpTexts {
  /** The program in one line. */
  readonly program: string;
  /** What each topic holds, by its name. */
  readonly topics: Readonly<Record<string, string>>;
  /** Stands for any command in a usage line. */
  readonly command: string;
  readonly version: string;
  /** Where to read on, below a list of commands. `start` is a command line without its command. */
  readonly readOn: (start: string) => string;
  readonly readOnExitCodes: (line: string) => string;
  readonly notes: {
    readonly required: string;
    readonly default: (value: string) => string;
    readonly aliases: (flags: string) => string;
    readonly values: (values: string) => string;
  };
  readonly exitCodes: {
    readonly title: string;
    readonly about: string;
    readonly meanings: Readonly<Record<keyof typeof ExitCode, string>>;
  };
}

export const helpTexts = defineTexts<HelpTexts>({
  en: {
    program: 'Sign in to the Airbnb user base, and stay signed in while you work',
    topics: {
      db: 'Prepare the database of the accounts',
      local: 'Show, stop or reset the embedded engines',
      sessions: 'List and end your sessions',
    },
    command: 'COMMAND',
    version: 'Show the version.',
    readOn: (start) => `Flags and examples of a command: ${start} COMMAND --help`,
    readOnExitCodes: (line) => `Exit codes, for scripts: ${line}`,
    notes: {
      required: '(required)',
      default: (value) => `[default: ${value}]`,
      aliases: (flags) => `[also: ${flags}]`,
      values: (values) => `<values: ${values}>`,
    },
    exitCodes: {
      title: 'Exit codes, for scripts',
      about:
        'They are stable, and the same with --json. Under --json an error is one document on standard output: {"error":{"code","reason","message","hint"}}.',
      meanings: {
        done: 'Done.',
        failed: 'Failed.',
        usage: 'Wrong usage: a flag, an argument or an answer is missing or cannot be used.',
        notSignedIn:
          'Not signed in: never, expired, revoked, a damaged session or token file, one that is sealed and no key is set, or a wrong e-mail or password.',
        unavailable: 'Redis or PostgreSQL cannot be reached or refuses to work.',
        tryLater: 'Too many attempts: try again later.',
        notAllowed: 'Not allowed.',
        badConfiguration:
          'Bad configuration: an unusable setting, a wrong service password, an untrusted certificate, an unsafe token file, missing tables.',
        notExecutable: 'Of "airbnb exec" alone: the command cannot be executed.',
        notFound: 'Of "airbnb exec" alone: the command was not found.',
        interrupted: 'Interrupted (Ctrl-C).',
        terminated: 'Terminated (SIGTERM).',
      },
    },
  },
  es: {
    program: 'Inicia sesión en la base de usuarios de Airbnb y mantenla mientras trabajas',
    topics: {
      db: 'Prepara la base de datos de las cuentas',
      local: 'Muestra, detiene o borra los motores integrados',
      sessions: 'Lista y cierra tus sesiones',
    },
    command: 'ORDEN',
    version: 'Muestra la versión.',
    readOn: (start) => `Opciones y ejemplos de una orden: ${start} ORDEN --help`,
    readOnExitCodes: (line) => `Códigos de salida, para scripts: ${line}`,
    notes: {
      required: '(obligatoria)',
      default: (value) => `[por defecto: ${value}]`,
      aliases: (flags) => `[también: ${flags}]`,
      values: (values) => `<valores: ${values}>`,
    },
    exitCodes: {
      title: 'Códigos de salida, para scripts',
      about:
        'Son estables, y los mismos con --json. Con --json un error es un solo documento en la salida estándar: {"error":{"code","reason","message","hint"}}.',
      meanings: {
        done: 'Hecho.',
        failed: 'Ha fallado.',
        usage: 'Uso incorrecto: falta una opción, un argumento o una respuesta, o no sirve.',
        notSignedIn:
          'Sin sesión: nunca iniciada, expirada, revocada, sesión o archivo del token dañados, un archivo sellado sin clave definida, o correo o contraseña incorrectos.',
        unavailable: 'No se puede llegar a Redis o a PostgreSQL, o se niega a trabajar.',
        tryLater: 'Demasiados intentos: prueba más tarde.',
        notAllowed: 'No permitido.',
        badConfiguration:
          'Configuración incorrecta: un valor que no sirve, contraseña de un servicio equivocada, certificado no fiable, archivo del token inseguro, tablas que faltan.',
        notExecutable: 'Solo de "airbnb exec": la orden no se puede ejecutar.',
        notFound: 'Solo de "airbnb exec": no se encontró la orden.',
        interrupted: 'Interrumpido (Ctrl-C).',
        terminated: 'Terminado (SIGTERM).',
      },
    },
  },
});

/** The headings of the help by what oclif calls them. One that is missing here stays as it is. */
export const helpHeadings = defineTexts<Readonly<Record<string, string>>>({
  en: {},
  es: {
    USAGE: 'USO',
    TOPICS: 'TEMAS',
    COMMANDS: 'ÓRDENES',
    ARGUMENTS: 'ARGUMENTOS',
    FLAGS: 'OPCIONES',
    'GLOBAL FLAGS': 'OPCIONES GLOBALES',
    DESCRIPTION: 'DESCRIPCIÓN',
    ALIASES: 'ALIAS',
    EXAMPLES: 'EJEMPLOS',
    'FLAG DESCRIPTIONS': 'DESCRIPCIÓN DE LAS OPCIONES',
    'EXIT CODES': 'CÓDIGOS DE SALIDA',
  },
});
