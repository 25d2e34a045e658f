import { harmless } from '../ui/terminal-text.ts';
import type { Candidate, Offer } from './offers.ts';
import type { Shell } from './shells.ts';

/**
 * What needs no quotes in any shell. The scripts hand values over as they are, so nothing else is ever offered: what a
 * stranger stored in Redis could be a `$(...)`.
 */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Characters of a description that are shown at most: a list is one line each. */
const DESCRIBED = 72;

/**
 * An answer as the scripts of the shells read it. Shape: a line with its kind, and for `words` a line for each. Values
 * alone for bash, `value<TAB>description` for fish, and for zsh what its `_describe` takes, `value:description`.
 * @param typedAside how much of the beginning of a word the shell itself keeps
 * @returns empty where there is nothing to offer
 */
export function replyText(offer: Offer, shell: Shell, typedAside = 0): string {
  if (offer.kind === 'files') return 'files\n';
  if (offer.kind === 'command') return `command ${offer.after}\n`;
  const lines = offer.candidates
    .filter(({ value }) => PLAIN.test(value))
    .map((candidate) => line(candidate, shell, typedAside));
  return lines.length === 0 ? '' : `words\n${lines.join('\n')}\n`;
}

function line({ value, describe }: Candidate, shell: Shell, typedAside: number): string {
  if (shell === 'bash') return value.slice(typedAside);
  const description = shorten(harmless(describe?.() ?? ''));
  if (shell === 'fish') return description === '' ? value : `${value}\t${description}`;
  const escaped = value.replaceAll(':', '\\:');
  return description === '' ? escaped : `${escaped}:${description}`;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length > DESCRIBED ? `${characters.slice(0, DESCRIBED - 1).join('')}…` : text;
}
