import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { withSection } from '../../bench/markdown.ts';
import type { Step } from '../../bench/million.ts';
import { millionPlot } from '../../bench/million-plot.ts';

const README = join(__dirname, '..', '..', 'README.md');

describe('what is shown of a million sessions', () => {
  it('has its place in the README', () => {
    const page = withSection(readFileSync(README, 'utf8'), 'figures of scale', 'new figures');
    expect(page).to.contain('\n\nnew figures\n\n<!-- end of the figures of scale -->');
    expect(withSection(page, 'figures of scale', 'new figures')).to.equal(page);
    expect(() => withSection(page, 'no such section', '')).to.throw('no such section');
  });

  it('is a plot with a dot for each figure, all of them within it', () => {
    const times = { median: 110, p99: 170 };
    const steps: Step[] = [1_000, 1_000_000].map((sessions) => ({
      sessions,
      ...times,
      few: times,
      ratios: { median: 1, p99: 1 },
      memory: sessions * 665,
    }));
    const plot = millionPlot(steps);
    const dots = [...plot.matchAll(/<circle class="(\w+)" cx="([\d.]+)" cy="([\d.]+)"/g)];
    expect(dots.map(([, style]) => style).join(' ')).to.equal('p99 p99 median median memory memory');
    for (const [, , x, y] of dots) {
      expect(Number(x)).to.be.within(60, 850);
      expect(Number(y)).to.be.within(70, 325);
    }
    expect(plot).to.contain('1 million').and.to.contain('110 µs among 1,000 sessions');
  });
});
