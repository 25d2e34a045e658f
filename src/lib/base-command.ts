import type { Config, Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { Context, type LiveSession, type Notice } from './context.ts';
import { AppError } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import { isJsonFlag } from './flag-words.ts';
import { detectLanguage, type Language, type Texts } from './i18n/language.ts';
import { sharedTexts } from './i18n/shared-texts.ts';
import { ownWords } from './own-words.ts';
import { print, printsOnTerminal, readsTerminal } from './ui/output.ts';
import { givesPassword, type PasswordSource } from './ui/password-flags.ts';
import { askSecret, askText, askYesNo } from './ui/prompts.ts';
import { harmless, stringifyHarmless } from './ui/terminal-text.ts';
import { loadTheme, plainTheme, type Theme } from './ui/theme.ts';

/** What `--help` says of a command. */
export interface CommandTexts {
  /** One line, without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /** By command line as it is typed: what it does. */
  readonly examples: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, string>>;
}

/** Where completion finds what can be typed: the ids of live sessions, or whatever the shell offers for a command. */
export type CompletionSource = 'sessions' | 'command';

/** Reasons for which a person at a terminal is asked to sign in again, after which the command goes on. */
const MENDED_BY_SIGNING_IN = new Set([
  'never',
  'expired',
  'revoked',
  'other_server',
  'malformed',
  'token_key',
  'corrupt',
]);

/** Those after which a new token is needed, wherever the old one came from. */
const GONE = new Set(['never', 'expired', 'revoked', 'corrupt']);

/** Progress that says nothing to whoever reads it afterwards. */
const FOR_TERMINALS = new Set<Notice>(['embedded_started', 'stand_in_starting']);

/** A command as the table of commands has it. */
export type CommandClass = Command.Class &
  Pick<typeof BaseCommand, 'texts' | 'printsJson' | 'completes'> & {
    start(argv: string[], config: Config): Promise<void>;
  };

/**
 * What every command is built on: parse, restore the session, run, end. A command says what it does in
 * {@link execute} and finds the live session in `this.live`; unless it says otherwise it needs one, so that
 * forgetting is safe.
 */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static texts: Texts<CommandTexts>;
  /** Does the command need a session? */
  static needsSession = true;
  /** Does it only look at its session? One that does neither refreshes it nor asks to sign in again. */
  static isPassive = false;
  /** Has it a document to print under `--json`? One that has not refuses the flag, in JSON as any error. */
  static printsJson = true;
  /** May it ask although AIRBNB_TOKEN is set? Commands that sign in or register do. */
  static asksDespiteToken = false;

  /**
   * What TAB offers for an argument or the value of a flag, by its name, or behind `--`, where that is neither its fixed
   * options nor a file, which the help value `<file>` says.
   */
  static completes: Readonly<Record<string, CompletionSource>> = {};

  /** Does it look into the configuration itself, instead of ending at its first fault? */
  static toleratesBadConfiguration = false;

  static override baseFlags = {
    json: Flags.boolean({ helpGroup: 'GLOBAL' }),
    strict: Flags.boolean({ helpGroup: 'GLOBAL' }),
    'no-input': Flags.boolean({ helpGroup: 'GLOBAL' }),
  };

  /** oclif would warn, with a stack trace, of each wrong flag where NODE_ENV is `development` or `test`. */
  override parsed = true;
  protected flags!: Interfaces.InferredFlags<T['flags'] & (typeof BaseCommand)['baseFlags']>;
  protected args!: Interfaces.InferredArgs<T['args']>;
  protected language: Language = detectLanguage(process.env);
  protected theme: Theme = plainTheme;
  protected context!: Context;
  #live: LiveSession | undefined;

  /** Makes the command and runs it, from the parsing to the closing. */
  static async start<T extends typeof Command>(
    this: new (
      argv: string[],
      config: Config,
    ) => BaseCommand<T>,
    argv: string[],
    config: Config,
  ): Promise<void> {
    await new this(argv, config)._run();
  }

  /** The work of the command. What it returns is the document of `--json`. */
  protected abstract execute(): Promise<unknown>;

  /** The session that the command runs in. */
  protected get live(): LiveSession {
    if (!this.#live) throw new AppError('never');
    return this.#live;
  }

  /** Whether there is a person who can be asked. */
  protected get isInteractive(): boolean {
    const { config } = this.context;
    const tokenForbids = config.token !== undefined && !this.#class.asksDespiteToken;
    const isTerminal = readsTerminal() && process.stderr.isTTY === true;
    return (
      isTerminal &&
      !this.jsonEnabled() &&
      !this.flags['no-input'] &&
      !config.noInput &&
      !process.env.CI &&
      !tokenForbids
    );
  }

  /**
   * Parses first, and restores then: a typo must not slide the session. oclif's own `init` only warns of deprecated
   * commands, for which it loads much, and there are none.
   */
  override async init(): Promise<void> {
    const { flags, args } = await this.parse(this.ctor as never);
    if (flags.json && !this.#class.printsJson)
      throw new AppError('json_refused', { flag: '--json', command: this.#name });
    this.flags = flags as typeof this.flags;
    this.args = args as typeof this.args;
    this.context = new Context({
      environment: process.env,
      packageRoot: this.config.root,
      version: `${this.config.bin}/${this.config.version}`,
      strict: this.flags.strict === true,
      isTerminal: readsTerminal,
      onNotice: (notice) => this.#announce(notice),
    });
    this.theme = await loadTheme(process.env, { isTTY: printsOnTerminal() });
  }

  override async run(): Promise<unknown> {
    try {
      const { config } = this.context;
      this.language = detectLanguage(process.env, config.settings.get('AIRBNB_LANG'));
      config.validate();
    } catch (error) {
      if (!this.#class.toleratesBadConfiguration) throw error;
    }
    if (this.#class.needsSession) this.#live = await this.#findLive();
    return this.execute();
  }

  override async catch(error: unknown): Promise<void> {
    const { reportFailure } = await import('./ui/report-failure.ts');
    await reportFailure(await this.#explain(error), {
      command: this.#name,
      language: this.language,
      json: this.jsonEnabled(),
    });
  }

  /**
   * Runs after parse errors too. Where all went well the process ends as soon as the document of `--json` is printed, and
   * its connections with it.
   */
  override async finally(): Promise<void> {
    if (process.exitCode) await this.context?.close();
    else this.context?.leave();
  }

  protected override async _run<Result>(): Promise<Result> {
    try {
      return await super._run<Result>();
    } catch (error) {
      await this.context?.close(); // The document could not be printed, and an open connection would go on.
      throw error;
    }
  }

  /** As oclif's, but that AIRBNB_CONTENT_TYPE has no effect: the flag alone decides. */
  override jsonEnabled(): boolean {
    return ownWords(this.argv).some(isJsonFlag);
  }

  override logJson(document: unknown): void {
    print(`${stringifyHarmless(document)}\n`);
  }

  /** Prints a part of the result on stdout, where it is for a person. */
  override log(message = ''): void {
    if (!this.jsonEnabled()) print(`${message}\n`);
  }

  /** Tells a person something on stderr: progress, a warning, an error. */
  protected say(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  protected warnUser(message: string): void {
    this.say(`${this.theme.warning(`${sharedTexts[this.language].warning}:`)} ${message}`);
  }

  /**
   * A value that a flag may give, or else a person, who is asked again until it can be used.
   * @param use gives the value its form, and throws an AppError where it cannot be used
   * @throws AppError `missing_flag` where there is nobody to ask; what `use` says of the flag's value
   */
  protected async flagOrAsk(
    flag: string,
    value: string | undefined,
    question: string,
    use: (text: string) => string = (text) => text,
  ): Promise<string> {
    if (value !== undefined) return use(value);
    if (!this.isInteractive) throw new AppError('missing_flag', { flag: `--${flag}`, command: this.#name });
    const { problemOf } = await import('./command-failure.ts');
    const { needed } = sharedTexts[this.language].ask;
    return use(
      await askText(question, (text) =>
        text.trim() === '' ? needed : problemOf(() => use(text), this.language),
      ),
    );
  }

  /**
   * The password that a flag gives, or else a person.
   * @throws AppError `missing_flag` where there is nobody to ask; `password_input`
   */
  protected async passwordOrAsk(flags: PasswordSource, ask: () => Promise<string>): Promise<string> {
    this.requirePassword(flags);
    if (!givesPassword(flags)) return ask();
    const { readPassword } = await import('./ui/password-input.ts');
    return readPassword(flags, this.passwordInputEvents);
  }

  /** @throws AppError `missing_flag` where no flag gives a password and there is nobody to ask */
  protected requirePassword(flags: PasswordSource): void {
    if (givesPassword(flags) || this.isInteractive) return;
    throw new AppError('missing_flag', { flag: '--password-stdin', command: this.#name });
  }

  /** Warns of a password file that others can read. */
  protected get passwordInputEvents() {
    const { passwordFileOpen } = sharedTexts[this.language];
    return { onOpenFile: (path: string) => this.warnUser(passwordFileOpen(harmless(path))) };
  }

  /** @throws AppError `confirmation_required` where something was not confirmed and there is nobody to ask */
  protected requireConfirmable(isConfirmed: boolean): void {
    if (!isConfirmed && !this.isInteractive) throw new AppError('confirmation_required', { flag: '--yes' });
  }

  /**
   * Asks before something that cannot be undone.
   * @throws AppError `confirmation_required` where there is nobody to ask; `declined`
   */
  protected async confirm(question: string, isConfirmed: boolean): Promise<void> {
    this.requireConfirmable(isConfirmed);
    if (isConfirmed) return;
    const { yesNo } = sharedTexts[this.language].ask;
    if (!(await askYesNo(question, yesNo))) throw new AppError('declined');
  }

  /**
   * Signs in with an e-mail and a password.
   * @param keepToken whether the token goes into the token file
   */
  protected async signIn(email: string, password: string, keepToken = true): Promise<LiveSession> {
    const { SignInService } = await import('./auth/sign-in-service.ts');
    const { accounts, rest } = await this.context.database();
    const found = await accounts.lookUp(email); // It goes on while Redis is asked, and the attempt is counted.
    // A token that leaves this machine is never looked for in a stand-in.
    const backend = await this.context.backend({ mayStandIn: keepToken });
    const replaced = keepToken && !backend.degraded ? this.context.findReplaced() : undefined;
    const service = new SignInService({
      accounts,
      found,
      limiter: await this.context.loginLimiter(backend),
      sessions: backend.sessions,
      server: backend.server,
      ...(!backend.degraded && { meanwhile: rest }), // A stand-in's attempts are counted there.
      ...(keepToken && { file: this.context.sessionFile }),
    });
    const session = await service.signIn(email, password, this.context.surroundings).catch((error) => {
      throw this.#nameEmbedded(error);
    });
    if (replaced) await this.context.endOnStandIn(replaced);
    if (backend.degraded) this.#announce('stand_in_started');
    return { ...backend, session, source: 'file' };
  }

  async #explain(error: unknown): Promise<unknown> {
    if (!this.context) return error;
    if (error instanceof AppError && GONE.has(error.reason) && this.context.config.token !== undefined) {
      return new AppError(error.reason, { ...error.params, source: 'env' });
    }
    return this.context.explain(error).catch(() => error);
  }

  get #class(): typeof BaseCommand {
    return this.constructor as unknown as typeof BaseCommand;
  }

  /** The command as it is typed. */
  get #name(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  async #findLive(): Promise<LiveSession> {
    if (this.#class.isPassive) return this.context.look();
    try {
      return await this.context.restore();
    } catch (error) {
      const mayMend =
        error instanceof AppError &&
        error.exitCode === ExitCode.notSignedIn &&
        MENDED_BY_SIGNING_IN.has(error.reason);
      if (!mayMend || !this.isInteractive) throw error;
      return await this.#signInAgain(error);
    }
  }

  /** The session is gone and a person is there: asks for the password of the same e-mail, and goes on. */
  async #signInAgain(error: AppError): Promise<LiveSession> {
    const { describeFailure } = await import('./command-failure.ts');
    const t = sharedTexts[this.language];
    const toGoOn = error.reason === 'never' ? t.signIn : t.signInAgain;
    this.say(`${describeFailure(error, this.language).message} ${toGoOn}`);
    const known = this.#knownEmail();
    if (known) this.say(`${t.ask.email} ${harmless(known)}`);
    const email = await this.flagOrAsk('email', known, t.ask.email);
    const live = await this.signIn(email, await askSecret(t.ask.password));
    this.say(t.signedIn(harmless(live.session.wire.nombre), harmless(live.session.wire.email)));
    return live;
  }

  /** That of the token file, which can be read where its token is sealed with a key that is missing. */
  #knownEmail(): string | undefined {
    try {
      return this.context.sessionFile.readEmail();
    } catch {
      return undefined;
    }
  }

  /** On an embedded engine a failed login says so: a configuration that got lost looks like a wrong password. */
  #nameEmbedded(error: unknown): unknown {
    const isWrong = error instanceof AppError && error.reason === 'wrong_credentials';
    return isWrong && !this.context.config.postgres
      ? new AppError('wrong_credentials', { problem: 'embedded' })
      : error;
  }

  #announce(notice: Notice): void {
    const text = sharedTexts[this.language].notices[notice];
    if (notice === 'stand_in_started' || notice === 'stand_in_used') {
      this.warnUser(text);
    } else if (!FOR_TERMINALS.has(notice) || process.stderr.isTTY) {
      this.say(this.theme.faint(text));
    }
  }
}
