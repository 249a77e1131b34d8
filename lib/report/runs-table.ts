import { FewSoundError } from '../errors.js';
import { bestIndex, formatMetric, metricGrid, metricTitle } from './metrics.js';
import { textTable } from './text-table.js';
import type { ReportedMetrics } from './types.js';

/** What was measured of one run. */
export interface RunRow {
  readonly name: string;
  readonly metrics: ReportedMetrics;
}

export interface RunsTableOptions {
  /** Metrics in the order of the columns. Default: those of the FewSound paper's tables. */
  columns?: readonly string[];
  /** For a terminal, with a star at the best of each column, or Markdown, with the best in bold. Default 'text'. */
  format?: 'text' | 'markdown';
  /** Title of the column of names. Default 'Run'. */
  title?: string;
}

/** Columns of the tables of the FewSound paper. */
export const paperColumns: readonly string[] = [
  'mse',
  'psnr',
  'lsd',
  'siSnr',
  'pesq',
  'stoi',
  'cdpam',
];

/**
 * A table of several runs, a row each. A metric that was not measured or is undefined is a dash; the
 * best of each column is marked where there is more than one row.
 *
 * @throws FewSoundError INVALID_ARGUMENT where there is no row
 */
export function runsTable(
  rows: readonly RunRow[],
  { columns = paperColumns, format = 'text', title = 'Run' }: RunsTableOptions = {},
): string {
  if (rows.length === 0) {
    throw new FewSoundError('INVALID_ARGUMENT', 'runsTable: there is no run; give one or more.', {
      field: 'rows',
    });
  }
  const grid = metricGrid(
    columns,
    rows.map(({ metrics }) => metrics),
  );
  const titles = columns.map(metricTitle);
  if (format === 'markdown') {
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
    return [
      line([title, ...titles]),
      `|---|${columns.map(() => '---:|').join('')}`,
      ...rows.map(({ name }, row) =>
        line([
          name.replace(/\|/g, '\\|').replace(/\s+/g, ' '),
          ...(grid[row] ?? []).map(({ text, best }) => (best ? `**${text}**` : text)),
        ]),
      ),
    ].join('\n');
  }
  return textTable(
    [{ title }, ...titles.map((text) => ({ title: `${text} `, align: 'right' as const }))],
    rows.map(({ name }, row) => [
      name,
      ...(grid[row] ?? []).map(({ text, best }) => `${text}${best ? '*' : ' '}`),
    ]),
  );
}

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
