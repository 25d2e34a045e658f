import { defineTexts } from './language.ts';

/** Texts that belong to no single command. */
export const sharedTexts = defineTexts({
  en: {
    error: 'Error',
    warning: 'Warning',
    flags: {
      json: 'Print the result as JSON.',
      strict: 'Never use the embedded engines, nor a stand-in for Redis (like AIRBNB_STRICT=1).',
      'no-input': 'Never ask anything (like AIRBNB_NO_INPUT=1).',
      help: 'Show how the command is used.',
    } as Record<string, string>,
    notices: {
      embedded_starting:
        'No server is configured: starting the embedded engines of this machine (real servers: REDIS_URL and DATABASE_URL, see .env.example) ...',
      embedded_valkey_starting:
        'REDIS_URL is not set, so sessions live in the embedded Valkey of this machine, which is starting; accounts are in the PostgreSQL that is configured ...',
      embedded_started: 'The embedded engines are running; "airbnb local stop" ends them.',
      stand_in_starting: 'Redis cannot be reached; trying to sign in on this machine only ...',
      stand_in_started:
        'Redis cannot be reached, so sessions are now in memory on this machine only: no other machine sees this one, those in Redis are neither shown nor ended, and when Redis is back you have to sign in again. --strict forbids it; "airbnb doctor" tells more.',
      stand_in_used:
        'Redis cannot be reached: this session is in memory on this machine only, and those in Redis are neither shown nor ended.',
    },
    ask: {
      email: 'E-mail:',
      password: 'Password:',
      newPassword: 'New password:',
      repeat: 'The same password again:',
      nombre: 'Name:',
      needed: 'This is needed.',
      passwordRules:
        'A password has at least 8 characters and at most 72 bytes, and is none of the most common ones.',
      passwordsDiffer: 'The two passwords differ.',
      yesNo: { choice: 'y/N', yes: /^y(es)?$/i },
    },
    signIn: 'Sign in to go on.',
    signInAgain: 'Sign in again to go on.',
    signedIn: (nombre: string, email: string) => `Signed in as ${nombre} <${email}>.`,
    sessionCreated: (ttl: number) => `Session created (TTL: ${ttl} seconds, refreshed by every command).`,
    passwordFileOpen: (path: string) =>
      `Others can read the password file ${path}. Close it with: chmod 600 ${path}`,
    none: '-',
  },
  es: {
    error: 'Error',
    warning: 'Aviso',
    flags: {
      json: 'Imprime el resultado como JSON.',
      strict: 'No usa nunca los motores integrados, ni un sustituto de Redis (como AIRBNB_STRICT=1).',
      'no-input': 'No pregunta nunca nada (como AIRBNB_NO_INPUT=1).',
      help: 'Muestra cómo se usa la orden.',
    },
    notices: {
      embedded_starting:
        'No hay ningún servidor configurado: arrancando los motores integrados de esta máquina (servidores reales: REDIS_URL y DATABASE_URL, véase .env.example) ...',
      embedded_valkey_starting:
        'REDIS_URL no está definida, así que las sesiones viven en el Valkey integrado de esta máquina, que está arrancando; las cuentas están en el PostgreSQL configurado ...',
      embedded_started: 'Los motores integrados están en marcha; "airbnb local stop" los detiene.',
      stand_in_starting: 'No se puede llegar a Redis; intentando iniciar sesión solo en esta máquina ...',
      stand_in_started:
        'No se puede llegar a Redis, así que las sesiones están ahora solo en la memoria de esta máquina: ninguna otra máquina ve esta, las de Redis no se muestran ni se cierran, y cuando Redis vuelva tendrás que iniciar sesión otra vez. --strict lo prohíbe; "airbnb doctor" dice más.',
      stand_in_used:
        'No se puede llegar a Redis: esta sesión está solo en la memoria de esta máquina, y las de Redis no se muestran ni se cierran.',
    },
    ask: {
      email: 'Correo:',
      password: 'Contraseña:',
      newPassword: 'Contraseña nueva:',
      repeat: 'La misma contraseña otra vez:',
      nombre: 'Nombre:',
      needed: 'Hace falta.',
      passwordRules:
        'Una contraseña tiene al menos 8 caracteres y 72 bytes como máximo, y no es una de las más comunes.',
      passwordsDiffer: 'Las dos contraseñas no coinciden.',
      yesNo: { choice: 's/N', yes: /^(s|si|sí|y|yes)$/i },
    },
    signIn: 'Inicia sesión para continuar.',
    signInAgain: 'Inicia sesión otra vez para continuar.',
    signedIn: (nombre: string, email: string) => `Has iniciado sesión como ${nombre} <${email}>.`,
    sessionCreated: (ttl: number) => `Sesión creada (TTL: ${ttl} segundos con auto-refresh).`,
    passwordFileOpen: (path: string) =>
      `Otros pueden leer el archivo de la contraseña ${path}. Ciérralo con: chmod 600 ${path}`,
    none: '-',
  },
});
