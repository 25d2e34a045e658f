import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AppError, type Reason } from '../../src/lib/errors.ts';
import { ExitCode } from '../../src/lib/exit-codes.ts';
import { errorTexts } from '../../src/lib/i18n/error-texts.ts';
import { tableUnder } from './markdown-table.ts';

const ROOT = join(__dirname, '..', '..');

describe('the exit codes in the documentation', () => {
  it('are those of the program, in the README', () => {
    const rows = tableUnder(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'Exit codes');
    const codes = rows.flatMap(([codes = '']) => codes.split(',').map(Number));
    expect(codes).to.deep.equal(Object.values(ExitCode));
  });

  it('stand beside every reason, in docs/json.md', () => {
    const rows = tableUnder(readFileSync(join(ROOT, 'docs', 'json.md'), 'utf8'), 'Reasons');
    const documented = rows.map(([reason = '', code]) => [reason.replaceAll('`', ''), Number(code)] as const);
    // Their texts are complete: the compiler sees to it.
    const reasons = Object.keys(errorTexts.en) as Reason[];
    const real = reasons.map((reason) => [reason, new AppError(reason).exitCode] as const);
    const byName = (a: readonly [string, number], b: readonly [string, number]) => a[0].localeCompare(b[0]);
    expect([...documented].sort(byName)).to.deep.equal([...real].sort(byName));
  });
});
