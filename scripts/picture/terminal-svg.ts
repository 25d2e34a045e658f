/** A stretch of a line in one style. */
interface Span {
  readonly text: string;
  readonly classes: string;
}

const FONT_SIZE = 14;
/** Monospace fonts are between 0.55 and 0.61 of their size wide: the frame fits the widest. */
const CHARACTER = FONT_SIZE * 0.61;
const LINE = 20;
const PADDING = 20;
const TITLE_BAR = 36;

/** What `theme.ts` uses of the terminal's codes: those that begin a style and those that end it. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'faint',
  31: 'red',
  32: 'green',
  33: 'yellow',
};
const ENDS: Readonly<Record<string, readonly string[]>> = {
  0: Object.values(STYLES),
  22: ['bold', 'faint'],
  39: ['red', 'green', 'yellow'],
};

/**
 * A picture of a terminal, dark on any page.
 * @param lines text with the terminal's codes for colours
 */
export function terminalSvg(lines: readonly string[], title: string): string {
  const parsed = styledLines(lines);
  const columns = Math.max(
    ...parsed.map((spans) => spans.reduce((sum, { text }) => sum + [...text].length, 0)),
  );
  const width = Math.ceil(columns * CHARACTER) + 2 * PADDING;
  const height = TITLE_BAR + lines.length * LINE + PADDING;
  const rows = parsed.map((spans, row) => {
    const y = TITLE_BAR + (row + 1) * LINE - 6;
    return `  <text x="${PADDING}" y="${y}">${spans.map(tspan).join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">
  <title>${escaped(title)}</title>
  <style>
    text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d6dbe5 }
    .bold { font-weight: bold; fill: #ffffff }
    .faint { fill: #8b94a7 }
    .red { fill: #ff7b72 }
    .green { fill: #7ee787 }
    .yellow { fill: #e3b341 }
  </style>
  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#161b22" stroke="#444c56"/>
  <circle cx="20" cy="18" r="5" fill="#ff5f57"/>
  <circle cx="38" cy="18" r="5" fill="#febc2e"/>
  <circle cx="56" cy="18" r="5" fill="#28c840"/>
${rows.join('\n')}
</svg>
`;
}

/** Cuts lines up where the style changes; a style may go on over the end of a line. */
function styledLines(lines: readonly string[]): Span[][] {
  const active = new Set<string>();
  return lines.map((line) => {
    const spans: Span[] = [];
    // Odd pieces are the parameters of a code, even ones text.
    for (const [index, piece] of line.split(/\u001b\[([\d;]*)m/).entries()) {
      if (index % 2 === 0) {
        if (piece) spans.push({ text: piece, classes: [...active].join(' ') });
        continue;
      }
      for (const code of piece.split(';')) {
        const style = STYLES[code];
        if (style) active.add(style);
        for (const ended of ENDS[code || '0'] ?? []) active.delete(ended);
      }
    }
    return spans;
  });
}

function tspan({ text, classes }: Span): string {
  return classes ? `<tspan class="${classes}">${escaped(text)}</tspan>` : escaped(text);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
