import type { Command } from '@oclif/core';
import { commandTable } from '../../command-table.ts';
import type { CommandClass } from '../base-command.ts';
import { countGlobalFlags, GLOBAL_FLAGS } from '../flag-words.ts';
import { EXIT_CODES, helpTexts } from '../i18n/help-texts.ts';
import type { Language } from '../i18n/language.ts';
import { sharedTexts } from '../i18n/shared-texts.ts';

/** What may be typed next. Its description is made where it is shown: it may load the command that it is of. */
export interface Candidate {
  readonly value: string;
  readonly describe?: () => string | undefined;
}

export type Offer =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  /** Files, which the shell knows best. */
  | { readonly kind: 'files' }
  /** Whatever the shell offers for a command of its own. */
  | { readonly kind: 'command' /** How many words before it are ours. */; readonly after: number };

/** Finds the live sessions whose ids begin with something. */
export type FindSessions = (prefix: string) => Promise<readonly Candidate[]>;

export interface Typed {
  /** The words between `airbnb` and the one that is being typed. */
  readonly words: readonly string[];
  /** That word, as far as the cursor. */
  readonly current: string;
}

type Flag = Command.Flag.Any;
type Flags = Readonly<Record<string, Flag>>;

const NOTHING: Offer = { kind: 'words', candidates: [] };

const textsOf = (id: string) => classOf(id).texts;
const classOf = (id: string) => commandTable[id as keyof typeof commandTable] as CommandClass;

/**
 * What may follow what was typed: topics, commands, flags, and values. Loads only the commands that it is about.
 * @returns with what does not fit the word that is being typed already left out
 */
export async function offerFor(typed: Typed, language: Language, sessions: FindSessions): Promise<Offer> {
  const before = countGlobalFlags(typed.words);
  const [globals, words] = [typed.words.slice(0, before), typed.words.slice(before)];
  const { current } = typed;
  if (words[0] === 'help') return fitting(subjectsAfter(words.slice(1), language), current);
  const id = commandIn(words);
  if (id !== undefined) {
    const rest = words.slice(id.split(':').length);
    const children = rest.length === 0 ? namesAfter(words, language) : [];
    // Flags of every command that stand before this one count as its own.
    const own = [...globals, ...rest];
    return new CommandLine(id, language, sessions).offer(own, current, typed.words.length, children);
  }
  if (words.length > 0) return fitting(namesAfter(words, language), current);
  return fitting([...namesAfter([], language), ...programWords(globals, language)], current);
}

/** The longest run of words at the beginning that names a command, as the program itself finds it. */
function commandIn(words: readonly string[]): string | undefined {
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  for (let count = firstFlag === -1 ? words.length : firstFlag; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    if (Object.hasOwn(commandTable, id)) return id;
  }
  return undefined;
}

/** Names of topics and commands that can follow those words. */
function namesAfter(words: readonly string[], language: Language): Candidate[] {
  const start = words.map((word) => `${word}:`).join('');
  const names = new Set<string>();
  for (const id of Object.keys(commandTable)) {
    if (id.startsWith(start)) names.add(id.slice(start.length).split(':')[0] as string);
  }
  return [...names].map((name) => ({ value: name, describe: () => about(`${start}${name}`, language) }));
}

function about(id: string, language: Language): string | undefined {
  return Object.hasOwn(commandTable, id)
    ? textsOf(id)[language].summary
    : helpTexts[language].topics[id.replaceAll(':', ' ')];
}

function subjectsAfter(words: readonly string[], language: Language): Candidate[] {
  const exitCodes = { value: EXIT_CODES, describe: () => helpTexts[language].exitCodes.title };
  return [...namesAfter(words, language), ...(words.length === 0 ? [exitCodes] : [])];
}

/** What may stand in a command's place. Behind a flag of every command a command is due, or another of them. */
function programWords(globals: readonly string[], language: Language): Candidate[] {
  const { flags } = sharedTexts[language];
  const left = GLOBAL_FLAGS.filter((name) => !globals.includes(`--${name}`));
  const more = left.map((name) => ({ value: `--${name}`, describe: () => flags[name] }));
  if (globals.length > 0) return more;
  return [
    { value: 'help', describe: () => flags.help },
    { value: '--help', describe: () => flags.help },
    { value: '--version', describe: () => helpTexts[language].version },
    ...more,
  ];
}

function fitting(candidates: readonly Candidate[], current: string): Offer {
  const fits = ({ value }: Candidate) =>
    value.startsWith(current) && (current !== '' || !value.startsWith('-'));
  return { kind: 'words', candidates: candidates.filter(fits) };
}

/** What a flag or an argument says of its values. */
interface Declared {
  readonly options?: readonly string[];
  readonly helpValue?: string;
}

/** What of a command's line was typed already. */
interface Parsed {
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** The flag whose value comes next. */
  readonly pending?: string;
  /** Whether a `--` has been there. */
  readonly isOver: boolean;
}

/** The line of one command, behind its name. */
class CommandLine {
  readonly #id: string;
  readonly #command: CommandClass;
  readonly #flags: Flags;
  readonly #language: Language;
  readonly #sessions: FindSessions;

  constructor(id: string, language: Language, sessions: FindSessions) {
    this.#id = id;
    this.#command = classOf(id);
    this.#language = language;
    this.#sessions = sessions;
    const { flags, baseFlags, printsJson } = this.#command;
    const { json, ...others } = { ...baseFlags } as Flags;
    const help = { name: 'help', char: 'h', type: 'boolean' } as Flag;
    this.#flags = { ...flags, ...(json && printsJson ? { json } : {}), ...others, help };
  }

  /**
   * @param rest the words behind the command's name
   * @param count how many words there are before the one that is being typed
   * @param children names that may be there instead, where the command is a topic as well
   */
  async offer(
    rest: readonly string[],
    current: string,
    count: number,
    children: readonly Candidate[],
  ): Promise<Offer> {
    const { given, args, pending, isOver } = this.#parse(rest);
    if (isOver) return this.#behindDashes(rest, count);
    if (pending !== undefined) return this.#values(pending, this.#flags[pending], current, []);
    const [, flag, start] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
    if (flag !== undefined) return this.#inlineValues(flag, start as string);
    if (current.startsWith('-')) return this.#flagsBut(given, current);
    const position = Object.entries(this.#command.args ?? {});
    const [name, arg] = position[args.length] ?? position.filter(([, { multiple }]) => multiple).at(-1) ?? [];
    if (name !== undefined) {
      const offer = await this.#values(name, arg, current, args);
      if (offer.kind !== 'words' || offer.candidates.length > 0 || children.length === 0) return offer;
    }
    if (children.length > 0) return fitting(children, current);
    // Nothing but flags can follow.
    return name === undefined && current === '' ? this.#flagsBut(given, '--') : NOTHING;
  }

  #parse(rest: readonly string[]): Parsed {
    const given = new Set<string>();
    const args: string[] = [];
    let pending: string | undefined;
    for (const word of rest) {
      if (pending !== undefined) {
        pending = undefined;
      } else if (word === '--') {
        return { given, args, isOver: true };
      } else if (word.startsWith('-') && word !== '-') {
        const [typed = '', value] = word.split('=');
        const name = this.#nameOf(typed);
        if (name === undefined) continue;
        given.add(name);
        const hasValue = value !== undefined || (!typed.startsWith('--') && typed.length > 2);
        if (this.#flags[name]?.type === 'option' && !hasValue) pending = name;
      } else {
        args.push(word);
      }
    }
    return { given, args, isOver: false, ...(pending === undefined ? {} : { pending }) };
  }

  /** The name of a flag that was typed by it, by an alias or by its letter. */
  #nameOf(typed: string): string | undefined {
    const isLong = typed.startsWith('--');
    const long = typed.slice(2);
    return Object.keys(this.#flags).find((name) => {
      const { char, aliases } = this.#flags[name] as Flag;
      return isLong ? name === long || aliases?.includes(long) : char === typed[1];
    });
  }

  /** Behind `--` nothing is ours: there may be a whole command of somebody else's. */
  #behindDashes(rest: readonly string[], count: number): Offer {
    const takesCommand = this.#command.completes['--'] === 'command';
    return takesCommand ? { kind: 'command', after: count - rest.length + rest.indexOf('--') + 1 } : NOTHING;
  }

  async #inlineValues(flag: string, start: string): Promise<Offer> {
    const name = this.#nameOf(`--${flag}`);
    if (name === undefined || this.#flags[name]?.type !== 'option') return NOTHING;
    const offer = await this.#values(name, this.#flags[name], start, []);
    if (offer.kind !== 'words') return offer;
    const inline = offer.candidates.map((each) => ({ ...each, value: `--${flag}=${each.value}` }));
    return { kind: 'words', candidates: inline };
  }

  /** Values of an argument or a flag. Those that were given already are of no use a second time. */
  async #values(
    name: string,
    declared: Flag | Command.Arg.Any | undefined,
    current: string,
    given: readonly string[],
  ): Promise<Offer> {
    const { options, helpValue } = (declared ?? {}) as Declared;
    if (options)
      return fitting(
        options.map((value) => ({ value })),
        current,
      );
    if (helpValue === '<file>') return { kind: 'files' };
    if (this.#command.completes[name] !== 'sessions') return NOTHING;
    const sessions = await this.#sessions(current);
    const isNew = ({ value }: Candidate) =>
      !given.some((id) => id !== '' && value.startsWith(id.toLowerCase()));
    return { kind: 'words', candidates: sessions.filter(isNew) };
  }

  /** Flags that were not given, by their own names; by an alias where only that fits. */
  #flagsBut(given: ReadonlySet<string>, current: string): Offer {
    const open = Object.entries(this.#flags).filter(
      ([name, flag]) =>
        !flag.hidden &&
        (!given.has(name) || (flag.type === 'option' && flag.multiple)) &&
        !this.#excludes(name, flag, given),
    );
    const named = open.map(([name]) => this.#flagCandidate(name, name));
    const own = fitting(named, current);
    if (own.kind === 'words' && own.candidates.length > 0) return own;
    const aliases = open.flatMap(([name, flag]) =>
      (flag.aliases ?? []).map((alias) => this.#flagCandidate(alias, name)),
    );
    return fitting(aliases, current);
  }

  #excludes(name: string, flag: Flag, given: ReadonlySet<string>): boolean {
    const isExcluded = flag.exclusive?.some((other) => given.has(other)) ?? false;
    return isExcluded || [...given].some((other) => this.#flags[other]?.exclusive?.includes(name));
  }

  #flagCandidate(typed: string, name: string): Candidate {
    const language = this.#language;
    const describe = () => textsOf(this.#id)[language].flags?.[name] ?? sharedTexts[language].flags[name];
    return { value: `--${typed}`, describe };
  }
}
