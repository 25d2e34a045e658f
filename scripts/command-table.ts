import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const COMMANDS = join(__dirname, '..', 'src', 'commands');

/** Path of the generated table. */
export const TABLE = join(__dirname, '..', 'src', 'command-table.ts');

/**
 * The source of the ids and the table of all commands: one entry a file under `src/commands`, `sessions/list.ts` being
 * `sessions:list`.
 */
export function commandTableSource(): string {
  const commands = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({ file, id: file.replace(/\.ts$/, '').replaceAll('/', ':') }));
  const ids = commands.map(({ id }) => `  '${id}',`);
  const entries = commands.map(({ file, id }) => {
    const key = /^\w+$/.test(id) ? id : `'${id}'`;
    return `  get ${key}(): CommandClass {\n    return require('./commands/${file}').default;\n  },`;
  });
  return `// Generated from src/commands by "npm run build"; not to be edited.
import type { CommandClass } from './lib/base-command.ts';

/** The id of every command. */
export const commandIds = [
${ids.join('\n')}
] as const;

export type CommandId = (typeof commandIds)[number];

/** Every command by its id. Each is loaded when it is first asked for. */
export const commandTable = {
${entries.join('\n')}
};
`;
}
