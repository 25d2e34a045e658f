import type { Step } from './million.ts';

/*
 * The plot of docs/million-sessions.svg: how long a restore takes, and what a session costs in memory, as the number of
 * live sessions grows.
 */

const WIDTH = 860;
const HEIGHT = 380;
const PANEL = { top: 76, bottom: 322 };
const LEFT_PANEL = { left: 62, right: 404 };
const RIGHT_PANEL = { left: 590, right: 838 };

/** On a card of its own, so that it reads the same wherever it is shown; the card goes dark with its surroundings. */
const STYLE = `
    text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #57606a }
    .title { font-size: 15px; font-weight: 600; fill: #1f2328 }
    .card { fill: #ffffff; stroke: #d0d7de }
    .grid { stroke: #d8dee4 }
    .median { stroke: #0969da; fill: #0969da }
    .p99 { stroke: #bc4c00; fill: #bc4c00 }
    .memory { stroke: #1a7f37; fill: #1a7f37 }
    polyline { fill: none !important; stroke-width: 2.5 }
    .few { stroke-dasharray: 3 4; stroke-width: 2 }
    text.median, text.p99, text.memory { stroke: none; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      text { fill: #9198a1 }
      .title { fill: #f0f6fc }
      .card { fill: #0d1117; stroke: #3d444d }
      .grid { stroke: #30363d }
      .median { stroke: #4493f8; fill: #4493f8 }
      .p99 { stroke: #db6d28; fill: #db6d28 }
      .memory { stroke: #3fb950; fill: #3fb950 }
    }
  `;

/** A panel's scales. */
interface Axes {
  readonly left: number;
  readonly right: number;
  /** By number of sessions. */
  x(sessions: number): number;
  /** By what the panel shows. */
  y(value: number): number;
}

/** @param steps from few sessions to many */
export function millionPlot(steps: readonly Step[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
  <title>${title(steps)}</title>
  <style>${STYLE}</style>
  <rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>
${[...timePanel(steps), ...memoryPanel(steps)].map((line) => `  ${line}`).join('\n')}
</svg>
`;
}

function title(steps: readonly Step[]): string {
  const [first, last] = [steps.at(0), steps.at(-1)];
  if (!first || !last) throw new Error('nothing was measured');
  const us = (value: number) => `${value.toFixed(0)} µs`;
  return `A restore takes ${us(first.median)} among ${count(first.sessions)} sessions and ${us(last.median)} among ${count(last.sessions)}`;
}

function timePanel(steps: readonly Step[]): string[] {
  const most = Math.max(...steps.flatMap(({ p99, few }) => [p99, few.p99]));
  const top = roundUp(most);
  const axes = axesOf(LEFT_PANEL, steps, top);
  const lines = [
    {
      style: 'p99',
      name: '99th percentile',
      value: (step: Step) => step.p99,
      few: (step: Step) => step.few.p99,
    },
    {
      style: 'median',
      name: 'median',
      value: (step: Step) => step.median,
      few: (step: Step) => step.few.median,
    },
  ];
  return [
    text(LEFT_PANEL.left - 40, 32, 'Restoring a session, microseconds', 'title'),
    text(LEFT_PANEL.left - 40, 52, 'dotted: the Redis with 1,000 sessions, asked in turn with the other'),
    ...frame(axes, steps, top),
    ...lines.flatMap(({ style, name, value, few }) => [
      line(axes, steps, few, `${style} few`),
      line(axes, steps, value, style),
      ...dots(axes, steps, value, style),
      text(axes.right + 12, axes.y(value(last(steps))) + 4, name, style),
    ]),
  ];
}

function memoryPanel(steps: readonly Step[]): string[] {
  const each = ({ memory, sessions }: Step) => memory / sessions;
  const top = roundUp(Math.max(...steps.map(each)));
  const axes = axesOf(RIGHT_PANEL, steps, top);
  return [
    text(RIGHT_PANEL.left - 40, 32, 'Memory for each, bytes', 'title'),
    text(RIGHT_PANEL.left - 40, 52, 'index and tables of Redis included'),
    ...frame(axes, steps, top),
    line(axes, steps, each, 'memory'),
    ...dots(axes, steps, each, 'memory'),
  ];
}

function axesOf({ left, right }: { left: number; right: number }, steps: readonly Step[], top: number): Axes {
  const [from, to] = [Math.log10(steps[0]?.sessions ?? 1), Math.log10(last(steps).sessions)];
  const { top: high, bottom: low } = PANEL;
  return {
    left,
    right,
    x: (sessions) => left + 14 + ((Math.log10(sessions) - from) / (to - from)) * (right - left - 28),
    y: (value) => low - (value / top) * (low - high),
  };
}

/** Grid lines with what they stand for. */
function frame({ left, right, x, y }: Axes, steps: readonly Step[], top: number): string[] {
  const levels = Array.from({ length: 5 }, (_, index) => (top / 4) * index);
  return [
    ...levels.flatMap((level) => [
      `<line class="grid" x1="${left}" x2="${right}" y1="${at(y(level))}" y2="${at(y(level))}"/>`,
      text(left - 8, y(level) + 4, count(level), '', 'end'),
    ]),
    ...steps.map(({ sessions }) => text(x(sessions), PANEL.bottom + 22, short(sessions), '', 'middle')),
    text((left + right) / 2, PANEL.bottom + 44, 'live sessions', '', 'middle'),
  ];
}

function line({ x, y }: Axes, steps: readonly Step[], value: (step: Step) => number, style: string): string {
  const points = steps.map((step) => `${at(x(step.sessions))},${at(y(value(step)))}`);
  return `<polyline class="${style}" points="${points.join(' ')}"/>`;
}

function dots(
  { x, y }: Axes,
  steps: readonly Step[],
  value: (step: Step) => number,
  style: string,
): string[] {
  return steps.map(
    (step) => `<circle class="${style}" cx="${at(x(step.sessions))}" cy="${at(y(value(step)))}" r="4"/>`,
  );
}

function text(x: number, y: number, content: string, style = '', anchor = 'start'): string {
  const attributes = `${style ? ` class="${style}"` : ''}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${at(x)}" y="${at(y)}"${attributes}>${content}</text>`;
}

/** The next figure of which a quarter is round as well. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((each) => each * unit >= value) ?? 10;
  return factor * unit;
}

function last(steps: readonly Step[]): Step {
  const step = steps.at(-1);
  if (!step) throw new Error('nothing was measured');
  return step;
}

const at = (coordinate: number) => String(Math.round(coordinate * 10) / 10);
const count = (value: number) => Math.round(value).toLocaleString('en');
const short = (value: number) => (value >= 1e6 ? `${value / 1e6} million` : count(value));
