// Generated from src/commands by "npm run build"; not to be edited.
import type { Command } from '@oclif/core';

/** Every command by its id. Each is loaded when it is first asked for. */
export const commandTable = {
  get 'db:migrate'(): Command.Class {
    return require('./commands/db/migrate.ts').default;
  },
  get 'db:set-password'(): Command.Class {
    return require('./commands/db/set-password.ts').default;
  },
  get 'db:status'(): Command.Class {
    return require('./commands/db/status.ts').default;
  },
  get doctor(): Command.Class {
    return require('./commands/doctor.ts').default;
  },
  get 'local:reset'(): Command.Class {
    return require('./commands/local/reset.ts').default;
  },
  get 'local:status'(): Command.Class {
    return require('./commands/local/status.ts').default;
  },
  get 'local:stop'(): Command.Class {
    return require('./commands/local/stop.ts').default;
  },
  get login(): Command.Class {
    return require('./commands/login.ts').default;
  },
  get logout(): Command.Class {
    return require('./commands/logout.ts').default;
  },
  get password(): Command.Class {
    return require('./commands/password.ts').default;
  },
  get register(): Command.Class {
    return require('./commands/register.ts').default;
  },
  get 'sessions:list'(): Command.Class {
    return require('./commands/sessions/list.ts').default;
  },
  get 'sessions:revoke-all'(): Command.Class {
    return require('./commands/sessions/revoke-all.ts').default;
  },
  get 'sessions:revoke'(): Command.Class {
    return require('./commands/sessions/revoke.ts').default;
  },
  get whoami(): Command.Class {
    return require('./commands/whoami.ts').default;
  },
};
