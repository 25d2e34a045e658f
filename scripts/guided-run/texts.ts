import { defineTexts } from '../../src/lib/i18n/language.ts';

/** What the guided run says itself; the rest is the commands' own output. */
export const texts = defineTexts({
  en: {
    intro:
      'A guided run of the real commands, in a temporary home and on embedded engines. It touches no server and no file of yours.',
    chapters: {
      sessions: 'Sign in, look at the sessions, end them',
      sliding: 'A session of 3 seconds: every command refreshes it, and rest ends it',
    },
    asExpected: (code: number) => `(exit code ${code}, as it should be)`,
    failed: (why: string) => `Not as expected: ${why}.`,
    interrupted: 'Interrupted; cleaning up ...',
    done: 'Everything was as expected. The engines have ended and the temporary files are gone.',
    goOn: 'To go on:',
    next: {
      'npm link': 'puts airbnb on your PATH',
      'airbnb register': 'makes your first account; the embedded engines start by themselves',
      'cp .env.example .env':
        'then set REDIS_URL and DATABASE_URL in it for servers of yours, and run "airbnb db migrate"',
      'airbnb --help': 'shows all commands',
    },
  },
  es: {
    intro:
      'Un recorrido por las órdenes reales, en una carpeta temporal y con los motores integrados. No toca ningún servidor ni archivo tuyo.',
    chapters: {
      sessions: 'Iniciar sesión, ver las sesiones, cerrarlas',
      sliding: 'Una sesión de 3 segundos: cada orden la renueva, y el reposo la termina',
    },
    asExpected: (code: number) => `(código de salida ${code}, como debe ser)`,
    failed: (why: string) => `No es lo esperado: ${why}.`,
    interrupted: 'Interrumpido; limpiando ...',
    done: 'Todo fue como se esperaba. Los motores se han detenido y los archivos temporales ya no están.',
    goOn: 'Para continuar:',
    next: {
      'npm link': 'pone airbnb en tu PATH',
      'airbnb register': 'crea tu primera cuenta; los motores integrados arrancan solos',
      'cp .env.example .env':
        'después define en él REDIS_URL y DATABASE_URL para servidores tuyos, y ejecuta "airbnb db migrate"',
      'airbnb --help': 'muestra todas las órdenes',
    },
  },
});
