import { LocalEngines } from '../../../../src/lib/local/local-engines.ts';

/* Does once what a command does first, and prints the host: `ensure.js <options as JSON>`. */

const engines = new LocalEngines(JSON.parse(process.argv[2] ?? '{}'));
const steps: string[] = [];
void engines
  .ensure((step) => steps.push(step))
  .then(
    (host) => process.stdout.write(JSON.stringify({ host, steps })),
    (error) => process.stdout.write(JSON.stringify({ error: error.reason ?? error.message })),
  );
