import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The shells whose TAB we answer. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

export function isShell(text: string | undefined): text is Shell {
  return (SHELLS as readonly (string | undefined)[]).includes(text);
}

/** Files of the scripts, in the folder `completions` of the package. */
const SCRIPTS: Readonly<Record<Shell, string>> = { bash: 'airbnb.bash', zsh: '_airbnb', fish: 'airbnb.fish' };

/** The script by which a shell completes `airbnb`. @param packageRoot folder of the package's own package.json */
export function completionScript(shell: Shell, packageRoot: string): string {
  return readFileSync(join(packageRoot, 'completions', SCRIPTS[shell]), 'utf8');
}
