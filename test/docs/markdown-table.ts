/**
 * The rows of the first table under a heading, without the row of names: one text for each cell.
 * @throws Error where there is no such heading, or no table in its section
 */
export function tableUnder(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#{1,6} /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) throw new Error(`there is no heading "${heading}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    if (line.startsWith('|')) rows.push(cellsOf(line));
    else if (rows.length > 0 || line.startsWith('#')) break;
  }
  if (rows.length < 3) throw new Error(`there is no table under "${heading}"`);
  return rows.slice(2);
}

/** A bar that belongs to a cell is written `\|`. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
