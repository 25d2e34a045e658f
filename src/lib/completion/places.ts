import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { homeFolder } from '../config.ts';
import type { Environment } from '../settings.ts';
import type { Shell } from './shells.ts';

/** Where a shell finds a completion of the user's. */
export interface CompletionPlaces {
  /** The file of the script. */
  readonly file: string;
  /** The lines by which the shell loads it when it starts, where it does not look by itself. */
  readonly startUp?: { readonly path: string; readonly lines: readonly string[] };
}

export interface Machine {
  readonly environment: Environment;
  /** The user's home. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

/** The machine that this runs on. @throws AppError `home_missing` */
export function thisMachine(): Machine {
  return { environment: process.env, home: homeFolder(), platform: process.platform };
}

/** Where the script for a shell belongs on a machine. Asks the environment alone, and no settings. */
export function completionPlaces(shell: Shell, machine: Machine): CompletionPlaces {
  return { bash: placesOfBash, zsh: placesOfZsh, fish: placesOfFish }[shell](machine);
}

/**
 * The package bash-completion looks there by itself, but a bash without it looks nowhere, so the start-up file loads
 * the script too: it is short, and twice does no harm.
 */
function placesOfBash(machine: Machine): CompletionPlaces {
  const own = machine.environment.BASH_COMPLETION_USER_DIR?.split(':')[0];
  const folder = own && isAbsolute(own) ? own : join(dataFolder(machine), 'bash-completion');
  const file = join(folder, 'completions', 'airbnb');
  const lines = [`[ -n "\${BASH_VERSION-}" ] && [ -r ${quote(file)} ] && . ${quote(file)}`];
  return { file, startUp: { path: startUpOfBash(machine), lines } };
}

/** Terminals of macOS start a login shell, which reads the first of these and not ~/.bashrc. */
function startUpOfBash({ home, platform }: Machine): string {
  if (platform !== 'darwin') return join(home, '.bashrc');
  const ofLogin = ['.bash_profile', '.bash_login', '.profile'].map((name) => join(home, name));
  return ofLogin.find(existsSync) ?? (ofLogin[0] as string);
}

/** zsh looks in the folders of `fpath`, of which none is the user's: the start-up file adds one. */
function placesOfZsh(machine: Machine): CompletionPlaces {
  const { ZDOTDIR } = machine.environment;
  const folder = join(dataFolder(machine), 'zsh', 'site-functions');
  const lines = [
    `fpath=(${quote(folder)} $fpath)`,
    '(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }',
    'autoload -Uz _airbnb && compdef _airbnb airbnb',
  ];
  const path = join(ZDOTDIR && isAbsolute(ZDOTDIR) ? ZDOTDIR : machine.home, '.zshrc');
  return { file: join(folder, '_airbnb'), startUp: { path, lines } };
}

function placesOfFish({ environment, home }: Machine): CompletionPlaces {
  const { XDG_CONFIG_HOME } = environment;
  const config = XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config');
  return { file: join(config, 'fish', 'completions', 'airbnb.fish') };
}

function dataFolder({ environment: { XDG_DATA_HOME }, home }: Machine): string {
  return XDG_DATA_HOME && isAbsolute(XDG_DATA_HOME) ? XDG_DATA_HOME : join(home, '.local', 'share');
}

/** A path as one word of sh, bash and zsh. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
