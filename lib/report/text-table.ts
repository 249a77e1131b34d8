/** A count with commas between thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A duration as people say it. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** One column of a table in a terminal. */
interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows in columns of equal width, with a rule below the titles. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const width = widths[index] as number;
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)].join('\n');
}

/** Rows as a table in Markdown, all columns but the first aligned right. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
  const rule = `|---|${titles
    .slice(1)
    .map(() => '---:|')
    .join('')}`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

const KINDS: Readonly<Record<string, string>> = {
  kan: 'KAN',
  nerf: 'NeRF',
  siren: 'SIREN',
  rff: 'RFF',
  finer: 'FINER',
  wire: 'WIRE',
  fewsound: 'FewSound',
  hypersound: 'HyperSound',
};

/** A network's usual name. */
export function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}
