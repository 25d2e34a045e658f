import { AppError } from '../../src/lib/errors.ts';

/** The error of ours with which something fails; anything else that is thrown is thrown on. */
export async function failureOf(action: PromiseLike<unknown> | (() => unknown)): Promise<AppError> {
  try {
    await (typeof action === 'function' ? action() : action);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** The reason alone. */
export async function reasonOf(action: PromiseLike<unknown> | (() => unknown)): Promise<string> {
  return (await failureOf(action)).reason;
}
