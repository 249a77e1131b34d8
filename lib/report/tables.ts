import { FewSoundError } from '../errors.js';
import { describeColumn, formatMetric, paperColumns } from '../metrics/registry.js';
import { markdownTable, textTable } from './text-table.js';

/** Values of metrics by name; undefined where one was not measured. */
export type MetricValues = Readonly<Record<string, number | null | undefined>>;

/** A metric in a row of a table. */
export interface MetricCell {
  readonly key: string;
  readonly value: number | null | undefined;
  /** A dash where there is no number. */
  readonly text: string;
  /** The best of its column, where there is more than one row. */
  readonly best: boolean;
}

/**
 * Metrics of several rows, [rows, keys], with the best of each column known.
 *
 * @param compared rows of which the best is sought, the first ones; others stand beside them
 */
export function metricGrid(
  keys: readonly string[],
  rows: readonly MetricValues[],
  compared = rows.length,
): MetricCell[][] {
  const best = keys.map((key) =>
    bestIndex(
      key,
      rows.slice(0, compared).map((metrics) => metrics[key]),
    ),
  );
  return rows.map((metrics, row) =>
    keys.map((key, column) => {
      const value = metrics[key];
      return { key, value, text: formatMetric(key, value), best: best[column] === row };
    }),
  );
}

/** Index of the best value of a metric, or undefined where there is nothing to compare. */
export function bestIndex(
  key: string,
  values: readonly (number | null | undefined)[],
): number | undefined {
  const sign = describeColumn(key).better === 'higher' ? 1 : -1;
  let best: number | undefined;
  values.forEach((value, index) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    if (best === undefined || sign * value > sign * (values[best] as number)) best = index;
  });
  return values.length > 1 ? best : undefined;
}

/** Title, unit and an arrow to where a metric improves, for the head of a column. */
export function metricTitle(key: string): string {
  const { title, unit, better } = describeColumn(key);
  return [title, ...(unit ? [unit] : []), better === 'higher' ? '↑' : '↓'].join(' ');
}

/** What was measured of one run. */
export interface RunRow {
  readonly name: string;
  readonly metrics: MetricValues;
}

export interface RunsTableOptions {
  /** Metrics in the order of the columns. Default: those of the FewSound paper's tables. */
  columns?: readonly string[];
  /**
   * For a terminal, with a star at the best of each column, or Markdown, with the best in bold.
   * Default 'text'.
   */
  format?: 'text' | 'markdown';
  /** Title of the column of names. Default 'Run'. */
  title?: string;
  /** Rows of which the best is marked, the first ones. Default: all. */
  compared?: number;
}

/**
 * A table of several runs, a row each. A metric that was not measured or is undefined is a dash;
 * the best of each column is marked where there is more than one row.
 *
 * @throws FewSoundError INVALID_ARGUMENT where there is no row
 */
export function runsTable(rows: readonly RunRow[], options: RunsTableOptions = {}): string {
  if (rows.length === 0) {
    throw new FewSoundError('INVALID_ARGUMENT', 'runsTable: there is no run; give one or more.', {
      field: 'rows',
    });
  }
  return metricTable(rows, options, ({ text }) => text);
}

/** Means and standard deviations over recordings. */
interface DeviationRow {
  readonly name: string;
  readonly metrics: Readonly<
    Record<string, { readonly mean: number | null; readonly deviation: number | null }>
  >;
}

/**
 * A table of means ± standard deviations over recordings, a row a network, as table 1 of the
 * FewSound paper; the best mean of each column is marked.
 */
export function deviationTable(rows: readonly DeviationRow[], options: RunsTableOptions): string {
  const means = rows.map(({ name, metrics }) => ({
    name,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, { mean }]) => [key, mean])),
  }));
  return metricTable(means, options, ({ key, value, text }, row) =>
    value === null || value === undefined
      ? text
      : `${text} ± ${formatMetric(key, rows[row]?.metrics[key]?.deviation)}`,
  );
}

function metricTable(
  rows: readonly RunRow[],
  { columns = paperColumns, format = 'text', title = 'Run', compared }: RunsTableOptions,
  textOf: (cell: MetricCell, row: number) => string,
): string {
  const titles = columns.map(metricTitle);
  const mark = format === 'text' ? ['*', ' '] : ['**', ''];
  const grid = metricGrid(
    columns,
    rows.map(({ metrics }) => metrics),
    compared,
  );
  const cells = rows.map(({ name }, row) => [
    name,
    ...(grid[row] ?? []).map((cell) => {
      const marked = mark[cell.best ? 0 : 1];
      return `${format === 'text' ? '' : marked}${textOf(cell, row)}${marked}`;
    }),
  ]);
  if (format === 'markdown') return markdownTable([title, ...titles], cells);
  const heads = titles.map((text) => ({ title: `${text} `, align: 'right' as const }));
  return textTable([{ title }, ...heads], cells);
}
