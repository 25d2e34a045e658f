import { ExitCode } from '../src/lib/exit-codes.ts';
import { detectLanguage } from '../src/lib/i18n/language.ts';
import { loadTheme, plainTheme, type Theme } from '../src/lib/ui/theme.ts';
import { sessionsChapter, slidingChapter } from './guided-run/chapters.ts';
import { Guide, UnexpectedStep } from './guided-run/guide.ts';
import { texts } from './guided-run/texts.ts';

/*
 * "npm start": the main job of the product, by its real commands. Each is shown as it would be typed, really runs as a
 * process of its own, and is held to its exit code and its output.
 */

const { LANG, LC_ALL, LC_MESSAGES } = process.env;
/** The user's language, for us and for the commands; AIRBNB_LANG is a setting, and none of those goes along. */
const locale = Object.fromEntries(Object.entries({ LANG, LC_ALL, LC_MESSAGES }).filter(([, value]) => value));
const language = detectLanguage(locale);
const t = texts[language];
/** What is printed when the reader has gone is lost; what became of it, the events of the stream tell. */
const print = (text: string) => process.stdout.writable && process.stdout.write(text);

async function main(): Promise<number> {
  const theme = await loadTheme(process.env, process.stdout);
  const isPlain = theme === plainTheme;
  const colours = { NO_COLOR: isPlain ? '1' : undefined, FORCE_COLOR: isPlain ? undefined : '1' };
  const signal = abortOnSignals(theme);
  print(`${t.intro}\n`);
  const guide = await Guide.start({
    env: { ...locale, ...colours },
    onCommand: (commandLine) => print(`\n${theme.title(`$ ${commandLine}`)}\n`),
    onOutput: print,
    signal,
  });
  try {
    print(`\n${theme.warning(`# ${t.chapters.sessions}`)}\n`);
    await sessionsChapter(guide, language);
    print(theme.faint(`${t.asExpected(ExitCode.notSignedIn)}\n`));
    print(`\n${theme.warning(`# ${t.chapters.sliding}`)}\n`);
    await slidingChapter(guide, language);
    print(theme.faint(`${t.asExpected(ExitCode.notSignedIn)}\n`));
  } finally {
    await guide.end();
  }
  print(`\n${theme.good(t.done)}\n\n${howToGoOn(theme)}\n`);
  return ExitCode.done;
}

function howToGoOn(theme: Theme): string {
  const width = Math.max(...Object.keys(t.next).map((command) => command.length));
  const lines = Object.entries(t.next).map(
    ([command, what]) => `  ${theme.title(command.padEnd(width))}  ${what}`,
  );
  return [t.goOn, ...lines].join('\n');
}

/**
 * Ctrl-C ends the command that runs, and then everything is cleaned up as at the end. So does a reader who has seen
 * enough, as in `npm start | head`, which is no fault.
 */
function abortOnSignals(theme: Theme): AbortSignal {
  const controller = new AbortController();
  const abort = (code: number) => () => {
    if (!controller.signal.aborted) print(`\n${theme.warning(t.interrupted)}\n`);
    controller.abort(code);
  };
  process.on('SIGINT', abort(ExitCode.interrupted));
  process.on('SIGTERM', abort(ExitCode.terminated));
  process.on('SIGHUP', abort(ExitCode.terminated));
  process.stdout.on('error', () => controller.abort(ExitCode.done));
  process.stderr.on('error', () => {});
  return controller.signal;
}

main()
  .catch((error: unknown) => {
    if (typeof error === 'number') return error; // the reason of an interruption
    const why = error instanceof UnexpectedStep ? error.message : String(error);
    process.stderr.write(`\n${t.failed(why)}\n`);
    return ExitCode.failed;
  })
  .then((code) => process.exit(code));
