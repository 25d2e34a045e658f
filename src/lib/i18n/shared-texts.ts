import { defineTexts } from './language.ts';

/** Texts that belong to no single command. */
export const sharedTexts = defineTexts({
  en: {
    error: 'Error',
    warning: 'Warning',
    flags: {
      json: 'Print the result as JSON.',
      strict: 'Never use the embedded engines (like AIRBNB_STRICT=1).',
      'no-input': 'Never ask anything (like AIRBNB_NO_INPUT=1).',
      help: 'Show how the command is used.',
    } as Record<string, string>,
    notices: {
      embedded_starting:
        'No server is configured: starting the embedded engines of this machine (real servers: REDIS_URL and DATABASE_URL, see .env.example) ...',
      embedded_started: 'The embedded engines are running; "airbnb local stop" ends them.',
    },
    ask: {
      email: 'E-mail:',
      password: 'Password:',
      newPassword: 'New password:',
      repeat: 'The same password again:',
      nombre: 'Name:',
      needed: 'This is needed.',
      yesNo: { choice: 'y/N', yes: /^y(es)?$/i },
    },
    signInAgain: 'Sign in again to go on.',
    signedIn: (nombre: string, email: string) => `Signed in as ${nombre} <${email}>.`,
    sessionCreated: (ttl: number) => `Session created (TTL: ${ttl} seconds, refreshed by every command).`,
    none: '-',
  },
  es: {
    error: 'Error',
    warning: 'Aviso',
    flags: {
      json: 'Imprime el resultado como JSON.',
      strict: 'No usa nunca los motores integrados (como AIRBNB_STRICT=1).',
      'no-input': 'No pregunta nunca nada (como AIRBNB_NO_INPUT=1).',
      help: 'Muestra cómo se usa la orden.',
    },
    notices: {
      embedded_starting:
        'No hay ningún servidor configurado: arrancando los motores integrados de esta máquina (servidores reales: REDIS_URL y DATABASE_URL, véase .env.example) ...',
      embedded_started: 'Los motores integrados están en marcha; "airbnb local stop" los detiene.',
    },
    ask: {
      email: 'Correo:',
      password: 'Contraseña:',
      newPassword: 'Contraseña nueva:',
      repeat: 'La misma contraseña otra vez:',
      nombre: 'Nombre:',
      needed: 'Hace falta.',
      yesNo: { choice: 's/N', yes: /^(s|si|sí|y|yes)$/i },
    },
    signInAgain: 'Inicia sesión otra vez para continuar.',
    signedIn: (nombre: string, email: string) => `Has iniciado sesión como ${nombre} <${email}>.`,
    sessionCreated: (ttl: number) => `Sesión creada (TTL: ${ttl} segundos con auto-refresh).`,
    none: '-',
  },
});
