import path from 'node:path';
import { Config } from '@oclif/core';
import packageJson from '../../../package.json';
import { helpAbout } from '../../../src/lib/i18n/help.ts';

export interface Surroundings {
  env?: Readonly<Record<string, string>>;
  /** Columns of the terminal; there is none unless said. */
  columns?: number;
}

const DECIDING = /^(AIRBNB_|LC_|LANG$|FORCE_COLOR$|NO_COLOR$|TERM$)/;

let config: Promise<Config> | undefined;

/** The commands as the sources have them, without a build. */
function loadConfig(): Promise<Config> {
  const commands = { ...packageJson.oclif.commands, target: './src/command-table.ts' };
  const pjson = { ...packageJson, oclif: { ...packageJson.oclif, commands } };
  config ??= Config.load({ root: path.resolve(__dirname, '../../..'), pjson, ignoreManifest: true } as never);
  return config;
}

/** What help prints on stdout about a topic or command, or undefined where there is no such thing. */
export async function printedHelp(
  words: string[],
  { env = {}, columns }: Surroundings = {},
): Promise<string> {
  const loaded = await loadConfig();
  const stdout = Object.getOwnPropertyDescriptors(process.stdout);
  const environment = { ...process.env };
  for (const name of Object.keys(process.env)) if (DECIDING.test(name)) delete process.env[name];
  Object.assign(process.env, env);
  Object.defineProperties(process.stdout, {
    isTTY: { value: columns !== undefined, configurable: true },
    columns: { value: columns, configurable: true },
  });
  try {
    return await helpAbout(words, loaded);
  } finally {
    for (const name of ['isTTY', 'columns'] as const) {
      delete (process.stdout as Partial<NodeJS.WriteStream>)[name];
      if (stdout[name]) Object.defineProperty(process.stdout, name, stdout[name]);
    }
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, environment);
  }
}
