import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FewSoundError } from '../errors.js';
import { readJson } from '../files.js';
import { type MetricStatistics, metricStatistics } from '../metrics/statistics.js';
import type { Cell, CellResult } from './cells.js';
import { kendallTau } from './kendall.js';
import type { FitsTable, RunsRow, RunsTable, Table } from './table.js';

/** A number of a row, beside the paper's. */
export interface Compared {
  /** Over the recordings; deviation null where there is one number. */
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly paper: number | null;
  readonly paperDeviation: number | null;
  /** From the paper's mean, in its standard deviations; null where it gives none. */
  readonly distance: number | null;
}

/** A row of a table that was run. */
export interface SummaryRow {
  readonly name: string;
  readonly parameters?: number;
  /** One for each column. */
  readonly values: readonly Compared[];
  /** Results there are, of how many: recordings, or the one model. */
  readonly done: number;
  readonly expected: number;
  /** Of all its fits. */
  readonly seconds?: number;
  /** Results that are missing: recordings, or what makes them. */
  readonly missing: readonly string[];
}

export interface SummaryPart {
  readonly name: string;
  readonly rows: readonly SummaryRow[];
  /** For each column Kendall's τ between the rows' order here and in the paper. */
  readonly tau: readonly (number | null)[];
}

/** A table that was run, or as much of it as there is. */
export interface TableSummary {
  readonly name: string;
  readonly table: Pick<Table, 'title' | 'paper' | 'label' | 'columns' | 'source'>;
  readonly parts: readonly SummaryPart[];
  readonly done: number;
  readonly expected: number;
  readonly seconds: number;
}

/** The table of the fits there are. */
export function summarizeFits(
  name: string,
  table: FitsTable,
  cells: readonly Cell[],
  results: readonly CellResult[],
): TableSummary {
  const parts = table.parts.map((part) => ({
    name: part.name,
    rows: part.rows.flatMap((row): SummaryRow[] => {
      const isOwn = (cell: Cell) => cell.part === part.name && cell.row === row.name;
      const own = cells.filter(isOwn);
      const done = results.filter(({ cell }) => isOwn(cell));
      if (own.length === 0) return [];
      const found = new Set(done.map(({ cell }) => cell.folder));
      return [
        {
          name: row.name,
          // A recipe's network is another than the paper's.
          parameters: done[0]?.parameters ?? row.parameters,
          values: table.columns.map((key, column) =>
            compared(
              metricStatistics(done.map(({ metrics }) => metrics[key] ?? null)),
              row,
              column,
            ),
          ),
          ...{ done: done.length, expected: own.length },
          seconds: done.reduce((sum, { seconds }) => sum + seconds, 0),
          missing: own
            .filter(({ folder }) => !found.has(folder))
            .map(({ clip }) => clip.recording.name),
        },
      ];
    }),
  }));
  return summaryOf(name, table, parts);
}

/**
 * The table of the models there are.
 *
 * @param out the folder with their results
 * @throws FewSoundError FILE_FORMAT for a result without the numbers of its row
 */
export async function summarizeRuns(
  name: string,
  table: RunsTable,
  out: string,
): Promise<TableSummary> {
  const parts: Omit<SummaryPart, 'tau'>[] = [];
  for (const part of table.parts) {
    const rows: SummaryRow[] = [];
    for (const row of part.rows) rows.push(await runRow(table, row, out));
    parts.push({ name: part.name, rows });
  }
  return summaryOf(name, table, parts);
}

async function runRow(table: RunsTable, row: RunsRow, out: string): Promise<SummaryRow> {
  const path = row.with && join(out, filled(table.result, row.with, out));
  const isDone = path !== undefined && existsSync(path);
  const numbers = isDone
    ? await numbersIn(path, row, table.columns)
    : table.columns.map(() => none);
  return {
    name: row.name,
    values: numbers.map((statistics, column) => compared(statistics, row, column)),
    ...{ done: isDone ? 1 : 0, expected: 1 },
    missing: isDone
      ? []
      : row.with === undefined
        ? ['no such model in this version']
        : table.commands.map((command) => filled(command, row.with ?? {}, out)),
  };
}

const none: MetricStatistics = { mean: null, deviation: null, segments: 0 };

/** A text with what a row says in place of {…}, and the table's folder in place of OUT. */
function filled(text: string, words: Readonly<Record<string, string>>, out: string): string {
  return text
    .replace(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole)
    .replace(/\bOUT\b/g, out);
}

async function numbersIn(
  path: string,
  row: RunsRow,
  columns: readonly string[],
): Promise<MetricStatistics[]> {
  let found: unknown = await readJson(path);
  for (const key of row.at) found = (found as Record<PropertyKey, unknown> | undefined)?.[key];
  return columns.map((column) => {
    const value = (found as Record<string, unknown> | undefined)?.[column];
    if (value === null) return none;
    if (typeof value === 'number') return { mean: value, deviation: null, segments: 1 };
    if (typeof value === 'object' && 'mean' in value) return value as MetricStatistics;
    throw new FewSoundError(
      'FILE_FORMAT',
      `${path} has no ${[...row.at, column].join('.')}; make it by the command that the table names.`,
      { field: column },
    );
  });
}

function compared(
  { mean, deviation, segments }: MetricStatistics,
  row: {
    readonly paper: readonly (number | null)[];
    readonly deviation?: readonly (number | null)[] | undefined;
  },
  column: number,
): Compared {
  const paper = row.paper[column] ?? null;
  const paperDeviation = row.deviation?.[column] ?? null;
  const isFar = mean !== null && paper !== null && paperDeviation !== null && paperDeviation > 0;
  return {
    ...{ mean, deviation: segments > 1 || deviation ? deviation : null, paper, paperDeviation },
    distance: isFar ? (mean - paper) / paperDeviation : null,
  };
}

function summaryOf(
  name: string,
  table: Table,
  parts: readonly Omit<SummaryPart, 'tau'>[],
): TableSummary {
  const rows = parts.flatMap((part) => part.rows);
  const sum = (of: (row: SummaryRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const { title, paper, label, columns, source } = table;
  return {
    name,
    table: { title, paper, label, columns, source },
    parts: parts
      .filter((part) => part.rows.length > 0)
      .map((part) => ({ ...part, tau: columns.map((_, column) => tauOf(part.rows, column)) })),
    done: sum((row) => row.done),
    expected: sum((row) => row.expected),
    seconds: sum((row) => row.seconds ?? 0),
  };
}

/** Of the rows that have both numbers. */
function tauOf(rows: readonly SummaryRow[], column: number): number | null {
  const both = rows.flatMap(({ values }) => {
    const { mean, paper } = values[column] as Compared;
    return mean === null || paper === null ? [] : [[mean, paper] as const];
  });
  return kendallTau(
    both.map(([mean]) => mean),
    both.map(([, paper]) => paper),
  );
}
