/** A table in Markdown; the first column is aligned to the left, as text and names are, the others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

/**
 * A page with another text between two comments: one that begins with `<!-- NAME:`, and `<!-- end of the NAME -->`.
 * @throws Error where the page has no such comments
 */
export function withSection(page: string, name: string, text: string): string {
  const section = new RegExp(`(<!-- ${name}:[^>]*-->\n)[^]*?(\n<!-- end of the ${name} -->)`);
  if (!section.test(page)) throw new Error(`there is no section "${name}"`);
  return page.replace(section, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`);
}
