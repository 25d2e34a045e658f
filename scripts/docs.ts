import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCommandReference } from './command-reference.ts';

/*
 * "npm run docs": brings the reference of the commands in the README up to date.
 */

const README = join(__dirname, '..', 'README.md');

writeFileSync(README, withCommandReference(readFileSync(README, 'utf8')));
