import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import { callersDebug } from '../lib/callers-debug.ts';
import { AppError } from '../lib/errors.ts';
import { areAsTyped } from '../lib/exec/raw-arguments.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { ownWords } from '../lib/own-words.ts';
import { KeepAlive, type KeepAliveEvent } from '../lib/session/keep-alive.ts';
import { printBesides } from '../lib/ui/output.ts';

const texts = defineTexts({
  en: {
    summary: 'Run a command with your session, and keep that alive meanwhile',
    description:
      'The command gets your token as AIRBNB_TOKEN, and all that is typed behind the first "--" as it is; without "--" nothing is run. It has the same input and output, is passed the signals, and its exit code is that of airbnb. When Redis goes away or the session ends, a warning says so and the command goes on.',
    examples: {
      'airbnb exec -- ./nightly-report.sh': 'Lasts for as long as it takes',
      "airbnb exec -- sh -c 'airbnb whoami && airbnb sessions list'": 'Several commands, by a shell',
      'airbnb exec --revoke-on-exit -- make deploy': 'Signs out afterwards',
    },
    flags: { 'revoke-on-exit': 'Sign out when the command has ended, whatever its exit code.' },
    ended: 'The command goes on without a session.',
    found_ended: 'That happened while the command ran.',
    interrupted: 'The command goes on, and the session is refreshed as soon as that is possible.',
    resumed: 'The session is kept alive again.',
    notEnded: (seconds: number) => `The session was not ended: it ends by itself in ${seconds} s.`,
  },
  es: {
    summary: 'Ejecuta una orden con tu sesión y la mantiene viva mientras tanto',
    description:
      'La orden recibe tu token como AIRBNB_TOKEN, y todo lo escrito detrás del primer "--" tal cual; sin "--" no se ejecuta nada. Tiene la misma entrada y salida, recibe las señales, y su código de salida es el de airbnb. Si Redis deja de responder o la sesión termina, un aviso lo dice y la orden sigue.',
    examples: {
      'airbnb exec -- ./nightly-report.sh': 'Dura lo que haga falta',
      "airbnb exec -- sh -c 'airbnb whoami && airbnb sessions list'": 'Varias órdenes, con una shell',
      'airbnb exec --revoke-on-exit -- make deploy': 'Cierra la sesión al final',
    },
    flags: { 'revoke-on-exit': 'Cierra la sesión cuando termina la orden, sea cual sea su código.' },
    ended: 'La orden sigue sin sesión.',
    found_ended: 'Ocurrió mientras se ejecutaba la orden.',
    interrupted: 'La orden sigue, y la sesión se renovará en cuanto sea posible.',
    resumed: 'La sesión vuelve a mantenerse viva.',
    notEnded: (seconds: number) => `La sesión no se cerró: termina sola en ${seconds} s.`,
  },
});

export default class Exec extends BaseCommand<typeof Exec> {
  static override texts = texts;
  static override printsJson = false;
  static override usage = 'exec [--revoke-on-exit] -- CMD [ARGS]';
  static override flags = { 'revoke-on-exit': Flags.boolean() };
  static override completes = { '--': 'command' } as const;

  /** As we were given it: looking up the name of a server adds to our own. */
  readonly #environment = { ...process.env };
  #words: string[] = [];
  #messageOf: (error: unknown) => string = () => '';

  override async init(): Promise<void> {
    const own = [...ownWords(this.argv)];
    this.#words = this.argv.slice(own.length + 1);
    this.argv = own;
    // oclif would complain of what was meant for the command.
    if (own.some((word) => !word.startsWith('-'))) throw new AppError('nothing_to_run');
    await super.init();
    if (this.#words.length === 0) throw new AppError('nothing_to_run');
    if (!areAsTyped(this.#words)) throw new AppError('not_utf8');
  }

  protected async execute() {
    const { session, sessions, degraded } = this.live;
    const { token, mark, wire } = session;
    // AIRBNB_TOKEN goes to the Redis that is configured, never to what stands in for it.
    if (degraded) throw new AppError('stand_in_session');
    // All that may be needed is loaded now: by tomorrow another version may be in its place.
    const [{ runProgram }, { describeFailure, toAppError }] = await Promise.all([
      import('../lib/exec/run-program.ts'),
      import('../lib/command-failure.ts'),
    ]);
    this.#messageOf = (error) => describeFailure(toAppError(error, 'exec'), this.language).message;
    const keepAlive = new KeepAlive({
      refresh: () => sessions.restore({ token, mark, userId: wire.user_id }),
      look: () => sessions.look({ token, mark }),
      onEvent: (event) => this.#tell(event),
    });
    keepAlive.start(session);
    try {
      const debug = callersDebug();
      process.exitCode = await runProgram(this.#words, {
        ...this.#environment,
        ...(debug === undefined ? {} : { DEBUG: debug }),
        AIRBNB_TOKEN: token,
      });
      await keepAlive.finish();
    } finally {
      keepAlive.stop();
      if (this.flags['revoke-on-exit']) await this.#signOut(keepAlive.leftMs);
    }
  }

  /** The command may write to the same stderr at the same time, and must not be disturbed. */
  protected override say(message: string): void {
    printBesides(`${message}\n`);
  }

  #tell(event: KeepAliveEvent): void {
    const t = texts[this.language];
    if (event.kind === 'resumed') this.say(t.resumed);
    else this.warnUser(`${this.#messageOf(event.error)} ${t[event.kind]}`);
  }

  /** As logout does; but the exit code is the command's, so that a failure is only told. */
  async #signOut(leftMs: number): Promise<void> {
    const { session, sessions } = this.live;
    try {
      await sessions.end(session.token, session.wire.user_id);
    } catch (error) {
      const rest = texts[this.language].notEnded(Math.ceil(leftMs / 1000));
      this.warnUser(`${this.#messageOf(error)} ${rest}`);
      return;
    }
    try {
      this.context.sessionFile.removeIfHolds(session.token);
    } catch (error) {
      this.warnUser(this.#messageOf(error));
    }
  }
}
