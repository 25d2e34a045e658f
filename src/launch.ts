import type { Interfaces } from '@oclif/core';
import { version } from '../package.json';

/** The name of the program, as it is typed. */
export const BIN = 'airbnb';
export const VERSION = version;

/** Where the program is, and how it starts its commands. */
export interface Launch {
  /** Folder of the package's own package.json. */
  readonly root: string;
  /** DEBUG as it was before it was taken out of the environment. */
  readonly debug: string | undefined;
  /** How stock oclif is to find the commands, where it is to run them: in development. */
  readonly stock?: Interfaces.LoadOptions;
}
