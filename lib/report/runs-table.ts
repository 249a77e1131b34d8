import { FewSoundError } from '../native/errors.js';
import { metricGrid, metricTitle } from './metric-grid.js';
import type { ReportedMetrics } from './report-input.js';
import { textTable } from './text-table.js';

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
