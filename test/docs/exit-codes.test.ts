import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AppError, type Reason } from '../../src/lib/errors.ts';
import { ExitCode } from '../../src/lib/exit-codes.ts';
import { errorTexts } from '../../src/lib/i18n/error-texts.ts';
import { tableUnder } from './markdown-table.ts';

const ROOT = join(__dirname, '..', '..');

/** A problem with which a reason ends with another exit code. */
const OTHER_CODES: { readonly [R in Reason]?: string } = { token_key: 'unopened' };

describe('the exit codes in the documentation', () => {
  it('are those of the program, in the README', () => {
    const rows = tableUnder(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'Exit codes');
    const codes = rows.flatMap(([codes = '']) => codes.split(',').map(Number));
    expect(codes).to.deep.equal(Object.values(ExitCode));
  });

  it('stand beside every reason, in docs/json.md', () => {
    const rows = tableUnder(readFileSync(join(ROOT, 'docs', 'json.md'), 'utf8'), 'Reasons');
    const documented = rows.map(
      ([reason = '', codes = '']) => [reason.replaceAll('`', ''), codes.split(',').map(Number)] as const,
    );
    // Their texts are complete: the compiler sees to it.
    const reasons = Object.keys(errorTexts.en) as Reason[];
    const real = reasons.map((reason) => {
      const problem = OTHER_CODES[reason];
      const codes = [new AppError(reason), ...(problem ? [new AppError(reason, { problem })] : [])];
      return [reason, codes.map(({ exitCode }) => exitCode as number)] as const;
    });
    const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) => a[0].localeCompare(b[0]);
    expect([...documented].sort(byName)).to.deep.equal([...real].sort(byName));
  });
});
