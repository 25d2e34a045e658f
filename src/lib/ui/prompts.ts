import { AppError } from '../errors.ts';

/** Prompts are drawn on stderr: stdout carries the result and nothing else. */
const onStderr = () => ({ output: process.stderr, clearPromptOnDone: false });

/** Asks for a line of text, until there is one. @param needed what to say of an empty one */
export async function askText(message: string, needed: string): Promise<string> {
  const { default: input } = await import('@inquirer/input');
  return orInterrupted(input({ message, pattern: /\S/, patternError: needed }, onStderr()));
}

/** Asks for a secret: nothing of it is shown, not even its length. */
export async function askSecret(message: string): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  // The library would say "[input is masked]", in English alone.
  const theme = { style: { help: () => '' } };
  return orInterrupted(password({ message, mask: false, theme }, onStderr()));
}

/** The words of a question that takes a yes or a no. */
export interface YesNo {
  /** As it is shown behind the question, such as `y/N`. */
  readonly choice: string;
  readonly yes: RegExp;
}

/** Asks for a yes or no; Enter alone, and whatever else is no yes, is no. */
export async function askYesNo(message: string, { choice, yes }: YesNo): Promise<boolean> {
  const { default: input } = await import('@inquirer/input');
  return yes.test((await orInterrupted(input({ message: `${message} (${choice})` }, onStderr()))).trim());
}

/** Ctrl-C at a prompt, and a terminal that goes away, are interruptions and no faults. */
async function orInterrupted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'ExitPromptError' || name === 'AbortPromptError') throw new AppError('interrupted');
    throw error;
  }
}
