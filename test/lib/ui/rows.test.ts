import { expect } from 'chai';
import { alignRows, localTime, shown } from '../../../src/lib/ui/rows.ts';

describe('rows', () => {
  const outside = process.env.TZ;

  afterEach(() => {
    if (outside === undefined) delete process.env.TZ;
    else process.env.TZ = outside;
  });

  it('are aligned behind their labels', () => {
    const rows = [
      ['ID', '3f9a'],
      ['Última actividad', 'now'],
    ] as const;
    expect(alignRows(rows)).to.equal('  ID:               3f9a\n  Última actividad: now');
    expect(alignRows([])).to.equal('');
  });

  it('stay aligned whatever stands behind them: wide characters, marks, another direction', () => {
    const values = ['日本', '👩‍👩‍👧 😀', 'שלום', 'e\u0301', 'x'.repeat(300), '\u001b[2J\n', ''];
    const lines = alignRows(values.map((value, index) => ['L'.repeat(index + 1), shown(value)])).split('\n');
    expect(lines).to.have.length(values.length);
    for (const [index, line] of lines.entries()) {
      const label = `${'L'.repeat(index + 1)}:`.padEnd(values.length + 1);
      expect(line.startsWith(`  ${label} ${shown(values[index]).slice(0, 2)}`), line).to.equal(true);
    }
  });

  it('show a dash for what is missing, and nothing that a terminal obeys', () => {
    expect([undefined, null, '', 'x\u001b[0m', 7].map(shown)).to.deep.equal([
      '-',
      '-',
      '',
      'x\ufffd[0m',
      '7',
    ]);
  });

  it('show times where the reader lives', () => {
    process.env.TZ = 'Asia/Kathmandu';
    expect(localTime('2025-11-16T15:00:00.123456')).to.equal('2025-11-16 20:45:00 +05:45');
    expect(localTime('2025-11-16T15:00:00-05:00')).to.equal('2025-11-17 01:45:00 +05:45');
    process.env.TZ = 'UTC';
    expect(localTime('2025-11-16T15:00:00')).to.equal('2025-11-16 15:00:00 +00:00');
  });

  it('show what is no time as it stands, made harmless', () => {
    expect(localTime('yester\u009bday')).to.equal('yester\ufffdday');
    expect(localTime(null)).to.equal('-');
    expect(localTime(5)).to.equal('5');
  });
});
