import { expect } from 'chai';
import { terminalSvg } from '../../scripts/picture/terminal-svg.ts';

describe('the picture of a terminal', () => {
  it('keeps text that means something in XML', () => {
    expect(terminalSvg(['a <b> & "c"'], 'x < y'))
      .to.include('>a &lt;b&gt; &amp; "c"</text>')
      .and.include('<title>x &lt; y</title>');
  });

  it('turns the codes of a terminal into styles, also over the end of a line', () => {
    const svg = terminalSvg(['\u001b[1mtitle\u001b[22m \u001b[31mbad', 'still\u001b[39m not'], '');
    expect(svg).to.include('<tspan class="bold">title</tspan> <tspan class="red">bad</tspan></text>');
    expect(svg).to.include('<tspan class="red">still</tspan> not</text>');
    expect(svg).not.to.include('\u001b');
  });

  it('is as large as its text', () => {
    const size = (svg: string) => /width="(\d+)" height="(\d+)"/.exec(svg)?.slice(1).map(Number) ?? [];
    const [width = 0, height = 0] = size(terminalSvg(['1234567890'], ''));
    const [wider = 0, higher = 0] = size(terminalSvg(['1234567890'.repeat(2), ''], ''));
    expect(wider).to.be.greaterThan(width);
    expect(higher).to.be.greaterThan(height);
  });
});
