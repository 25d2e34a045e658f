import { commandIds } from '../command-table.ts';
import { AppError, type ErrorParams } from './errors.ts';
import { GLOBAL_FLAGS, isGlobalFlag, isHelpFlag, isJsonFlag, nameOfFlag } from './flag-words.ts';
import { EXIT_CODES } from './i18n/help-texts.ts';
import { nearestCommand, nearestFlag } from './nearest.ts';
import { ownWords } from './own-words.ts';

/**
 * What somebody wants help about who named no command to run: the program, a topic, a command or the exit codes.
 * A request for help wins over all else that is on the line, but for `--json`: help is text for people.
 * @param argv what was typed after `airbnb`
 * @param command the words of the command that was found in it
 * @returns its words; none for the program
 * @throws AppError `unknown_command` for what does not exist; `unknown_flag`; `json_refused`
 */
export function readHelpRequest(argv: readonly string[], command: readonly string[] | undefined): string[] {
  const own = ownWords(argv);
  const flags = own.filter((word) => word.startsWith('-'));
  const words = own.filter((word) => !word.startsWith('-'));
  const isAboutHelp = words[0] === 'help';
  const subject = command ?? words.filter((word) => word !== 'help');
  const asks = flags.some(isHelpFlag);
  const unknown = asks
    ? undefined
    : [...flags, ...argv.slice(own.length)].find((word) => !isGlobalFlag(word));
  const first = argv.find((word) => !isGlobalFlag(word));
  if (unknown !== undefined && unknown === first) throw unknownFlag(unknown, []);
  if (!exists(subject))
    throw new AppError('unknown_command', { ...nameOf(subject), ...nearCommand(subject) });
  if (unknown !== undefined) throw unknownFlag(unknown, isAboutHelp ? [] : subject);
  if (flags.some(isJsonFlag)) {
    const typed = [...(isAboutHelp ? ['help'] : []), ...subject, ...(asks ? ['--help'] : [])];
    throw new AppError('json_refused', { flag: '--json', command: typed.join(' ') });
  }
  return [...subject];
}

/** Whether there is help about it. */
function exists(subject: readonly string[]): boolean {
  const [first] = subject;
  if (first === undefined || (first === EXIT_CODES && subject.length === 1)) return true;
  const name = subject.join(':');
  return commandIds.some((id) => id === name || (name !== '' && id.startsWith(`${name}:`)));
}

function unknownFlag(typed: string, subject: readonly string[]): AppError {
  const flag = nameOfFlag(typed);
  const nearest = nearestFlag(typed, ['help', 'version', ...GLOBAL_FLAGS]);
  return new AppError('unknown_flag', {
    command: subject.join(' '),
    ...(flag === undefined ? {} : { flag }),
    ...(nearest === undefined ? {} : { nearest }),
  });
}

/** The command or topic that may have been meant. It is ours, so it may be told whatever was typed. */
function nearCommand(words: readonly string[]): ErrorParams {
  const commands = commandIds.map((id) => id.replaceAll(':', ' '));
  const topics = commands.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? '');
  const nearest = nearestCommand(words, [...commands, ...new Set(topics), 'help', 'version']);
  return nearest ? { nearest } : {};
}

/** The command as it was typed, unless it could be a secret in the wrong place. */
function nameOf(words: readonly string[]): ErrorParams {
  const command = words.join(' ');
  return /^[a-z][a-z -]{0,39}$/i.test(command) ? { command } : {};
}
