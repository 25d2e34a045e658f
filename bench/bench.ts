import { cpus } from 'node:os';
import { capacity } from './capacity.ts';
import { flights } from './flights.ts';
import { list } from './list.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { million } from './million.ts';
import { modules } from './modules.ts';
import { restoreRate } from './restore-rate.ts';
import { startup } from './startup.ts';

/*
 * "npm run bench": what the product costs, as ratios against something that is measured in the same run.
 * "npm run bench -- startup" runs one part; "npm run bench -- million --write" also makes the plot and the table of the
 * README of what it measured.
 */

const WRITE = '--write';

const PARTS: Readonly<Record<string, () => Promise<string>>> = {
  startup,
  restore: restoreRate,
  flights,
  list,
  memory,
  modules,
  million: () => million(process.argv.includes(WRITE)),
  load,
  capacity,
};

async function main(names: string[]): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no part "${unknown}": ${Object.keys(PARTS).join(', ')}.\n`);
    return 2;
  }
  const [cpu] = cpus();
  process.stdout.write(`Node ${process.version}, ${process.platform}, ${cpus().length} x ${cpu?.model}\n`);
  for (const [name, part] of Object.entries(PARTS)) {
    if (names.length === 0 || names.includes(name)) process.stdout.write(`\n${await part()}\n`);
  }
  return 0;
}

main(process.argv.slice(2).filter((arg) => arg !== WRITE))
  .catch((error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    return 1;
  })
  .then((code) => process.exit(code));
