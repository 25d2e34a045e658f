import { AppError } from '../errors.ts';

/** Prompts are drawn on stderr: stdout carries the result and nothing else. */
interface PromptPlace {
  readonly output: NodeJS.WriteStream;
  readonly clearPromptOnDone: boolean;
  readonly signal: AbortSignal;
}

/** Asks for a line of text, until it can be used. @param problemOf what to say of one that cannot */
export async function askText(
  message: string,
  problemOf: (text: string) => string | undefined,
): Promise<string> {
  const { input } = await import('./prompt-library.ts');
  const validate = (text: string) => problemOf(text) ?? true;
  // What is refused goes: a person who types all of it again would add to it.
  const theme = { validationFailureMode: 'clear' } as const;
  return ask((place) => input({ message, validate, theme }, place));
}

/** Asks for a secret: nothing of it is shown, not even its length. */
export async function askSecret(message: string): Promise<string> {
  const { password } = await import('./prompt-library.ts');
  // The library would say "[input is masked]", in English alone.
  const theme = { style: { help: () => '' } };
  return ask((place) => password({ message, mask: false, theme }, place));
}

/** The words of a question that takes a yes or a no. */
export interface YesNo {
  /** As it is shown behind the question, such as `y/N`. */
  readonly choice: string;
  readonly yes: RegExp;
}

/** Asks for a yes or no; Enter alone, and whatever else is no yes, is no. */
export async function askYesNo(message: string, { choice, yes }: YesNo): Promise<boolean> {
  const { input } = await import('./prompt-library.ts');
  return yes.test((await ask((place) => input({ message: `${message} (${choice})` }, place))).trim());
}

/**
 * Ctrl-C and Ctrl-D at a prompt, and a terminal that goes away, are interruptions and no faults. The library takes
 * Ctrl-D for the end of its input, gives the terminal back, and then waits for as long as a connection is open.
 */
async function ask<T>(prompt: (place: PromptPlace) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const onKey = (_: unknown, key?: { readonly ctrl?: boolean; readonly name?: string }) => {
    if (key?.ctrl && key.name === 'd') interruption.abort();
  };
  process.stdin.on('keypress', onKey);
  try {
    return await prompt({ output: process.stderr, clearPromptOnDone: false, signal: interruption.signal });
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'ExitPromptError' || name === 'AbortPromptError') throw new AppError('interrupted');
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
  }
}
