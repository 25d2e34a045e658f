import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's packages of what completion is tested with, and a file of each. */
const PACKAGES = {
  bash: ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash'],
  zsh: ['/bin/zsh', '/usr/bin/zsh', '/usr/local/bin/zsh', '/opt/homebrew/bin/zsh'],
  fish: ['/usr/bin/fish', '/usr/local/bin/fish', '/opt/homebrew/bin/fish'],
  'bash-completion': ['/usr/share/bash-completion/bash_completion'],
};

/**
 * Installs the shells that this machine lacks, where that can be done: on Debian and its like, as root. Elsewhere their
 * tests are skipped by name.
 * @param say told what is done, or what has to be
 */
export function installShells(say: (text: string) => void): void {
  const missing = Object.entries(PACKAGES).flatMap(([name, files]) => (files.some(existsSync) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(`Not on this machine, so their tests are skipped: ${missing.join(', ')}.`);
    return;
  }
  say(`Installing ${missing.join(', ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', ...missing]]) {
    const { status } = spawnSync('apt-get', ['-qq', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) say(`apt-get ${args[0]} failed; the tests of what is missing are skipped.`);
  }
}
