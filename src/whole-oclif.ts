import type { Interfaces } from '@oclif/core';
import { Config } from '@oclif/core/config';
import { helpAbout } from './lib/i18n/help.ts';
import { print } from './lib/ui/output.ts';

/*
 * What needs all of oclif, which takes longer to load than a short command to run: help, and commands in development.
 * In the build this is a bundle of its own, with its own copy of the commands, of which help reads the texts.
 */

/**
 * Prints help on stdout.
 * @param words what it is about; there has to be such a thing
 * @param options where oclif finds the package
 */
export async function showHelpAbout(words: string[], options: Interfaces.LoadOptions): Promise<void> {
  print(await helpAbout(words, await Config.load(options)));
}

/** Runs a command as stock oclif does. */
export async function runStock(id: string, argv: string[], options: Interfaces.LoadOptions): Promise<void> {
  await (await Config.load(options)).runCommand(id, argv);
}
