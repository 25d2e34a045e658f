import type { Command, Config, Interfaces } from '@oclif/core';
import { CommandHelp, Help } from '@oclif/core/help';
import { commandTable } from '../../command-table.ts';
import { ExitCode } from '../exit-codes.ts';
import { loadTheme } from '../ui/theme.ts';
import { EXIT_CODES, helpHeadings, helpTexts } from './help-texts.ts';
import { detectLanguage, type Language } from './language.ts';
import { type Flags, splitFlags, translateCommand, versionFlag } from './translated-command.ts';

/** Help is never wider than this, and just as wide where there is no terminal. */
const WIDTH = 80;
/** What is narrower has no room for two columns. */
const WIDTH_OF_COLUMNS = 60;
const NARROWEST = 20;

/** A space at which no line is broken. */
const HARD_SPACE = '\u00a0';

/**
 * Help in the language of the environment: settings are not read.
 * @param words what it is about: the words of a topic or command that there is; none for the program
 */
export async function helpAbout(words: string[], config: Config): Promise<string> {
  const { title } = await loadTheme(process.env, process.stdout);
  const help = new TranslatedHelp(config, { language: detectLanguage(process.env), emphasise: title });
  await help.showHelp(words);
  return help.text;
}

interface Style {
  readonly language: Language;
  readonly emphasise: (heading: string) => string;
}

type Body = Parameters<Help['section']>[1];
type Rows = Parameters<Help['renderList']>[0];
type ListOptions = Parameters<Help['renderList']>[1];

/** oclif's help in the words of one language: its manifest and its headings know English only. */
class TranslatedHelp extends Help {
  readonly #style: Style;
  readonly #texts: (typeof helpTexts)[Language];
  #commands: Command.Loadable[] = [];
  /** All that was shown. */
  text = '';

  constructor(config: Interfaces.Config, style: Style) {
    // oclif decides on colours by other rules than our theme, so its own are taken out.
    super(config, { maxWidth: width(), stripAnsi: true });
    this.#style = style;
    this.#texts = helpTexts[style.language];
  }

  override log(...lines: string[]): void {
    this.text += `${lines.join(' ')}\n`;
  }

  override async showHelp(words: string[]): Promise<void> {
    if (words[0] === EXIT_CODES) return this.#showExitCodes();
    this.#commands = super.sortedCommands.map((command) => this.#translate(command));
    await super.showHelp(words);
  }

  override async showCommandHelp(command: Command.Loadable): Promise<void> {
    const translated = this.#translate(command);
    this.log(`${this.wrap(translated.summary ?? '', 0)}\n`);
    this.log(this.formatCommand(translated));
  }

  override section(header: string, body: Body): string {
    return translateHeading(header, this.#style, (heading) => super.section(heading, body));
  }

  override renderList(rows: Rows, options: ListOptions): string {
    return super.renderList(rows, roomyList(options, this.opts.maxWidth));
  }

  override formatRoot(): string {
    const usage = `$ ${this.config.bin} [${this.#texts.command}]`;
    return `${this.wrap(this.#texts.program, 0)}\n\n${this.section('USAGE', usage)}`;
  }

  protected override get sortedCommands(): Command.Loadable[] {
    return this.#commands;
  }

  protected override get sortedTopics(): Interfaces.Topic[] {
    return super.sortedTopics.map((topic) => this.#translateTopic(topic));
  }

  protected override async showRootHelp(): Promise<void> {
    const { bin } = this.config;
    await super.showRootHelp();
    const { help, ...shared }: Flags = Object.assign(
      {},
      ...this.#commands.map(({ flags }) => splitFlags(flags).global),
    );
    this.log(
      this.#globalFlags({ ...(help && { help }), version: versionFlag(this.#style.language), ...shared }),
    );
    this.log('');
    this.log(this.wrap(this.#texts.readOn(bin), 0));
    this.log(this.wrap(this.#texts.readOnExitCodes(`${bin} help ${EXIT_CODES}`), 0));
  }

  protected override async showTopicHelp(topic: Interfaces.Topic): Promise<void> {
    await super.showTopicHelp(this.#translateTopic(topic));
    this.log(this.wrap(this.#texts.readOn(`${this.config.bin} ${topic.name}`), 0));
  }

  protected override formatTopic({ name, description }: Interfaces.Topic): string {
    const usage = `$ ${this.config.bin} ${name} ${this.#texts.command}`;
    return `${this.wrap(description ?? '', 0)}\n\n${this.section('USAGE', usage)}\n`;
  }

  /** The flags that every command takes come last and are not in its usage line. */
  protected override formatCommand(command: Command.Loadable): string {
    const { own, global } = splitFlags(command.flags);
    return `${super.formatCommand({ ...command, flags: own })}\n\n${this.#globalFlags(global)}`;
  }

  protected override getCommandHelpClass(command: Command.Loadable): CommandHelp {
    return new TranslatedCommandHelp(command, this.config, this.opts, this.#style);
  }

  #globalFlags(flags: Flags): string {
    const label = ({ char, name }: Flags[string]) => `${char ? `-${char}, ` : '    '}--${name}`;
    const rows = Object.values(flags).map((flag) => [label(flag), flag.description] as [string, string]);
    return this.section('GLOBAL FLAGS', rows);
  }

  #showExitCodes(): void {
    const { title, about, meanings } = this.#texts.exitCodes;
    const names = Object.keys(ExitCode) as (keyof typeof ExitCode)[];
    this.log(`${this.wrap(title, 0)}\n`);
    this.log(
      this.section(
        'EXIT CODES',
        names.map((name) => [String(ExitCode[name]), meanings[name]]),
      ),
    );
    this.log('');
    this.log(this.section('DESCRIPTION', this.wrap(about)));
  }

  #translate(command: Command.Loadable): Command.Loadable {
    const { texts, printsJson } = commandTable[command.id as keyof typeof commandTable];
    const { json, ...otherFlags } = command.flags;
    const taken = printsJson ? command : { ...command, flags: otherFlags };
    return translateCommand(taken, texts, this.#style.language);
  }

  #translateTopic(topic: Interfaces.Topic): Interfaces.Topic {
    return { ...topic, description: this.#texts.topics[topic.name] };
  }
}

/** One command, already translated; here it is about headings and form. */
class TranslatedCommandHelp extends CommandHelp {
  readonly #style: Style;

  constructor(
    command: Command.Loadable,
    config: Interfaces.Config,
    options: Interfaces.HelpOptions,
    style: Style,
  ) {
    super(command, config, options);
    this.#style = style;
  }

  override section(header: string, body: Body): string {
    return translateHeading(header, this.#style, (heading) => super.section(heading, body));
  }

  override renderList(rows: Rows, options: ListOptions): string {
    return super.renderList(rows, roomyList(options, this.opts.maxWidth));
  }

  /** The summary is the first line of the page already: oclif repeats it here. */
  protected override description(): string | undefined {
    return this.command.description && this.wrap(this.command.description);
  }

  /** oclif's note that a flag is required is in English; a translated description says it. */
  protected override flags(flags: Command.Flag.Any[]) {
    return super.flags(flags.map((flag) => ({ ...flag, required: false })));
  }

  /** What oclif makes of flags and arguments, unless the command says it itself. */
  #ownUsage(): string {
    const [usage] = [this.command.usage ?? []].flat();
    return usage ?? this.defaultUsage();
  }

  /** oclif sets the sign of the prompt before commands of its own alone. */
  #prompted(line: string): string {
    return line.startsWith(this.config.bin) ? line : `$ ${line}`;
  }

  /** Long ones are broken between the flags, never between a flag and its value. */
  protected override usage(): string {
    const indentation = this.indentSpacing * 2;
    const line = `$ ${this.config.bin} ${glue(this.#ownUsage(), /\[[^\]]*\]/g)}`;
    const lines = this.wrap(line, this.indentSpacing + indentation);
    return unglue(lines.replaceAll('\n', `\n${' '.repeat(indentation)}`));
  }

  /** The same for command lines, where a file stays with its `<` too. */
  protected override examples(examples: Command.Example[] | string | undefined): string | undefined {
    const glued = [examples ?? []].flat().map((example) =>
      typeof example === 'string'
        ? example
        : {
            ...example,
            command: this.#prompted(glue(example.command, /(?<= )(-[\w-]+|[<>|]) (?=[^-\s])/g)),
          },
    );
    const body = super.examples(glued);
    return body && unglue(body);
  }
}

const glue = (text: string, parts: RegExp) => text.replace(parts, (part) => part.replaceAll(' ', HARD_SPACE));
const unglue = (text: string) => text.replaceAll(HARD_SPACE, ' ');

/** Prints a section under its heading in the user's language. */
function translateHeading(header: string, style: Style, print: (heading: string) => string): string {
  const heading = helpHeadings[style.language][header] ?? header;
  return style.emphasise(heading) + print(heading).slice(heading.length);
}

/** Where oclif prints a list in one column, it is two wider than it thinks. */
function roomyList(options: ListOptions, maxWidth: number): ListOptions {
  return { ...options, indentation: options.indentation + 2, multiline: maxWidth < WIDTH_OF_COLUMNS };
}

function width(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? Math.max(NARROWEST, Math.min(columns, WIDTH)) : WIDTH;
}
