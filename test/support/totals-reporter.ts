import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import Mocha from 'mocha';

/** What a run of the suite came to. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Mocha's usual report, and its totals in the file that `AIRBNB_TEST_TOTALS` names. */
export default class TotalsReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    if (!Mocha.reporters.Base.useColors) withoutColours(Mocha.reporters.Base.symbols);
    const file = process.env.AIRBNB_TEST_TOTALS;
    if (!file) return;
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const totals: Totals = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(file, JSON.stringify(totals));
    });
  }
}

/** Mocha's marks know nothing of its other colours: under CI they have some where the rest has none. */
function withoutColours(symbols: Record<string, string>): void {
  for (const [name, symbol] of Object.entries(symbols)) symbols[name] = stripVTControlCharacters(symbol);
}
