import type { Command } from '@oclif/core';
import type { CommandTexts } from '../base-command.ts';
import { helpTexts } from './help-texts.ts';
import type { Language, Texts } from './language.ts';
import { sharedTexts } from './shared-texts.ts';

/** The group of the flags that every command takes. */
const GLOBAL = 'GLOBAL';

export type Flags = Command.Loadable['flags'];
type Flag = Flags[string];
type Arg = Command.Loadable['args'][string];

/** A command as oclif's help wants it: with the words of one language. The original stays as it is. */
export function translateCommand(
  command: Command.Loadable,
  texts: Texts<CommandTexts>,
  language: Language,
): Command.Loadable {
  const own = texts[language];
  const shared = sharedTexts[language].flags;
  return {
    ...command,
    summary: own.summary,
    description: own.description,
    examples: Object.entries(own.examples).map(([line, description]) => ({ command: line, description })),
    flags: mapValues({ help: globalSwitch('help', 'h'), ...command.flags }, (flag, name) =>
      translateFlag(flag, name, own.flags?.[name] ?? shared[name], language),
    ),
    args: mapValues(command.args, (arg, name) => translateArg(arg, own.args?.[name], language)),
  };
}

/** The flags of a command alone, and those that it shares with all others. Hidden ones are in neither. */
export function splitFlags(flags: Flags): { own: Flags; global: Flags } {
  const shown = Object.entries(flags).filter(([, flag]) => !flag.hidden);
  const pick = (isGlobal: boolean) =>
    Object.fromEntries(shown.filter(([, flag]) => (flag.helpGroup === GLOBAL) === isGlobal));
  return { own: pick(false), global: pick(true) };
}

/** The flag that is for the program and no command. */
export function versionFlag(language: Language): Flag {
  return { ...globalSwitch('version', 'v'), description: helpTexts[language].version };
}

/** `--help` and `--version` are found before a command is, so no command declares them. */
function globalSwitch(name: string, char: 'h' | 'v'): Flag {
  return { name, char, type: 'boolean', allowNo: false, helpGroup: GLOBAL };
}

/** oclif's own notes on a flag are in English, so they become a part of its description. */
function translateFlag(flag: Flag, name: string, description: string | undefined, language: Language): Flag {
  const { notes } = helpTexts[language];
  const { default: preset, ...rest } = flag;
  const words = join(
    description,
    flag.required && notes.required,
    flag.type === 'option' && preset !== undefined && notes.default(String(preset)),
    flag.aliases?.length && notes.aliases(flag.aliases.map((alias) => `--${alias}`).join(', ')),
  );
  if (rest.type !== 'option') return { ...rest, description: words };
  return {
    ...rest,
    description: rest.options ? `${words}\n${notes.values(rest.options.join('|'))}` : words,
    helpValue: rest.helpValue ?? `<${name}>`,
  };
}

function translateArg(arg: Arg, description: string | undefined, language: Language): Arg {
  const { default: preset, ...rest } = arg;
  const note = preset !== undefined && helpTexts[language].notes.default(String(preset));
  return { ...rest, description: join(description, note) };
}

function join(...parts: readonly unknown[]): string {
  return parts.filter(Boolean).join(' ');
}

function mapValues<T>(values: Record<string, T>, change: (value: T, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
