import { describeFailure, toAppError } from '../command-failure.ts';
import type { Language } from '../i18n/language.ts';
import { sharedTexts } from '../i18n/shared-texts.ts';
import { trace } from '../trace.ts';
import { print } from './output.ts';
import { stringifyHarmless } from './terminal-text.ts';
import { loadTheme } from './theme.ts';

export interface FailedRun {
  /** The command as it is typed; empty outside of one. */
  readonly command: string;
  readonly language: Language;
  readonly json: boolean;
}

/** What a person wanted is told, but is no error to them. */
const WANTED = new Set(['declined', 'interrupted', 'terminated']);

/** Tells people on stderr, or a script on stdout, what went wrong, and sets the exit code. */
export async function reportFailure(error: unknown, { command, language, json }: FailedRun): Promise<void> {
  const failure = toAppError(error, command);
  process.exitCode = failure.exitCode;
  if (failure.reason === 'internal') trace('internal', failure.cause ?? error);
  const described = describeFailure(failure, language);
  // Where stdout is broken, the document cannot be printed either.
  if (json && failure.reason !== 'output_unwritable') {
    print(`${stringifyHarmless({ error: described })}\n`);
    return;
  }
  const { bad } = await loadTheme(process.env, process.stderr);
  const label = WANTED.has(failure.reason) ? '' : `${bad(`${sharedTexts[language].error}:`)} `;
  process.stderr.write(`${label}${described.message}\n`);
  if (described.hint) process.stderr.write(`${described.hint}\n`);
}
