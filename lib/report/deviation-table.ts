import { metricTitle } from './metric-grid.js';
import { bestIndex, formatMetric } from './metric-names.js';
import { paperColumns } from './runs-table.js';
import { textTable } from './text-table.js';

/** A metric of a row: its mean and standard deviation over recordings. */
export interface MeanAndDeviation {
  readonly mean: number | null;
  readonly deviation: number | null;
}

export interface DeviationRow {
  readonly name: string;
  readonly metrics: Readonly<Record<string, MeanAndDeviation>>;
}

/** The form of the table: for a terminal, or Markdown; the columns are those of the FewSound paper unless others are given. */
export interface DeviationTableOptions {
  readonly title: string;
  readonly format?: 'text' | 'markdown';
  readonly columns?: readonly string[];
}

/**
 * A table of means ± standard deviations over recordings, a row a network, as table 1 of the FewSound paper; a dash where a
 * metric was not measured or is undefined, the best mean of each column marked.
 */
export function deviationTable(
  rows: readonly DeviationRow[],
  { title, format = 'text', columns = paperColumns }: DeviationTableOptions,
): string {
  const best = columns.map((key) =>
    bestIndex(
      key,
      rows.map(({ metrics }) => metrics[key]?.mean),
    ),
  );
  const cell = (row: number, column: number): string => {
    const key = columns[column] as string;
    const { mean, deviation } = rows[row]?.metrics[key] ?? { mean: null, deviation: null };
    const isBest = best[column] === row;
    if (mean === null) return format === 'text' ? '– ' : '–';
    const text = `${formatMetric(key, mean)} ± ${formatMetric(key, deviation)}`;
    if (format === 'markdown') return isBest ? `**${text}**` : text;
    return `${text}${isBest ? '*' : ' '}`;
  };
  const cells = rows.map((_, row) => columns.map((_key, column) => cell(row, column)));
  const titles = columns.map(metricTitle);
  if (format === 'text') {
    return textTable(
      [{ title }, ...titles.map((text) => ({ title: `${text} `, align: 'right' as const }))],
      rows.map(({ name }, row) => [name, ...(cells[row] ?? [])]),
    );
  }
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [
    line([title, ...titles]),
    `|---|${columns.map(() => '---:|').join('')}`,
    ...rows.map(({ name }, row) => line([name, ...(cells[row] ?? [])])),
  ].join('\n');
}
