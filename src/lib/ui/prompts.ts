import { AppError } from '../errors.ts';

/** Prompts are drawn on stderr: stdout carries the result and nothing else. */
const onStderr = () => ({ output: process.stderr, clearPromptOnDone: false });

/** Asks for a line of text. */
export async function askText(message: string): Promise<string> {
  const { default: input } = await import('@inquirer/input');
  return orInterrupted(input({ message, required: true }, onStderr()));
}

/** Asks for a secret: nothing of it is shown, not even its length. */
export async function askSecret(message: string): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  return orInterrupted(password({ message, mask: false }, onStderr()));
}

/** Asks for a yes or no; Enter alone is no. */
export async function askYesNo(message: string): Promise<boolean> {
  const { default: confirm } = await import('@inquirer/confirm');
  return orInterrupted(confirm({ message, default: false }, onStderr()));
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
