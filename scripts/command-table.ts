import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const COMMANDS = join(__dirname, '..', 'src', 'commands');

/** Path of the generated table. */
export const TABLE = join(__dirname, '..', 'src', 'command-table.ts');

/**
 * The source of the table of all commands: one entry a file under `src/commands`, `sessions/list.ts` being
 * `sessions:list`.
 */
export function commandTableSource(): string {
  const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const entries = files.map((file) => {
    const id = file.replace(/\.ts$/, '').replaceAll('/', ':');
    const key = /^\w+$/.test(id) ? id : `'${id}'`;
    return `  get ${key}(): CommandClass {\n    return require('./commands/${file}').default;\n  },`;
  });
  return `// Generated from src/commands by "npm run build"; not to be edited.
import type { CommandClass } from './lib/base-command.ts';

/** Every command by its id. Each is loaded when it is first asked for. */
export const commandTable = {
${entries.join('\n')}
};
`;
}
