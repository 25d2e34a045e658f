import { redactTokens } from './session/session-token.ts';

/**
 * Says on stderr what a maintainer needs to find a bug, where AIRBNB_TRACE=1 asks for it: the kind of error and
 * where it came from. Never its message: errors of libraries carry commands with their arguments.
 */
export function trace(label: string, error: unknown): void {
  if (process.env.AIRBNB_TRACE !== '1' && process.env.AIRBNB_TRACE !== 'true') return;
  const {
    name = 'unknown',
    code = '',
    message = '',
    stack = '',
  } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  // The stack begins with the message, whose lines may look like frames.
  const behindMessage = stack.slice(stack.indexOf(message) + message.length);
  const frames = behindMessage.split('\n').filter((line) => /^\s+at /.test(line));
  process.stderr.write(redactTokens(`trace: ${label}: ${name} ${code}\n${frames.join('\n')}\n`));
}
