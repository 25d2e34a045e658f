import type { Environment } from '../settings.ts';

/** The few styles that the commands use. */
export interface Theme {
  readonly title: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain = (text: string) => text;

/** No colours: what a pipe, a file and `NO_COLOR` get. */
export const plainTheme: Theme = { title: plain, good: plain, bad: plain, warning: plain, faint: plain };

/** Whether a stream is to be coloured. FORCE_COLOR outranks NO_COLOR, as in Node itself; empty counts as unset. */
function wantsColour(environment: Environment, stream: { readonly isTTY?: boolean }): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = environment;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !NO_COLOR && TERM !== 'dumb' && stream.isTTY === true;
}

/** The theme for a stream. chalk is loaded only where there is something to colour. */
export async function loadTheme(
  environment: Environment,
  stream: { readonly isTTY?: boolean },
): Promise<Theme> {
  if (!wantsColour(environment, stream)) return plainTheme;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { title: chalk.bold, good: chalk.green, bad: chalk.red, warning: chalk.yellow, faint: chalk.dim };
}
