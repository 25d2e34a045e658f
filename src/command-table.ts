// Generated from src/commands by "npm run build"; not to be edited.
import type { CommandClass } from './lib/base-command.ts';

/** The id of every command. */
export const commandIds = [
  'completion',
  'db:migrate',
  'db:set-password',
  'db:status',
  'doctor',
  'exec',
  'local:reset',
  'local:status',
  'local:stop',
  'login',
  'logout',
  'password',
  'register',
  'sessions:check',
  'sessions:list',
  'sessions:revoke-all',
  'sessions:revoke',
  'whoami',
] as const;

export type CommandId = (typeof commandIds)[number];

/** Every command by its id. Each is loaded when it is first asked for. */
export const commandTable = {
  get completion(): CommandClass {
    return require('./commands/completion.ts').default;
  },
  get 'db:migrate'(): CommandClass {
    return require('./commands/db/migrate.ts').default;
  },
  get 'db:set-password'(): CommandClass {
    return require('./commands/db/set-password.ts').default;
  },
  get 'db:status'(): CommandClass {
    return require('./commands/db/status.ts').default;
  },
  get doctor(): CommandClass {
    return require('./commands/doctor.ts').default;
  },
  get exec(): CommandClass {
    return require('./commands/exec.ts').default;
  },
  get 'local:reset'(): CommandClass {
    return require('./commands/local/reset.ts').default;
  },
  get 'local:status'(): CommandClass {
    return require('./commands/local/status.ts').default;
  },
  get 'local:stop'(): CommandClass {
    return require('./commands/local/stop.ts').default;
  },
  get login(): CommandClass {
    return require('./commands/login.ts').default;
  },
  get logout(): CommandClass {
    return require('./commands/logout.ts').default;
  },
  get password(): CommandClass {
    return require('./commands/password.ts').default;
  },
  get register(): CommandClass {
    return require('./commands/register.ts').default;
  },
  get 'sessions:check'(): CommandClass {
    return require('./commands/sessions/check.ts').default;
  },
  get 'sessions:list'(): CommandClass {
    return require('./commands/sessions/list.ts').default;
  },
  get 'sessions:revoke-all'(): CommandClass {
    return require('./commands/sessions/revoke-all.ts').default;
  },
  get 'sessions:revoke'(): CommandClass {
    return require('./commands/sessions/revoke.ts').default;
  },
  get whoami(): CommandClass {
    return require('./commands/whoami.ts').default;
  },
};
