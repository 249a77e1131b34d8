import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { corpusKinds } from '../data/index.js';
import { FewSoundError } from '../errors.js';
import { readJson } from '../files.js';
import { type InrKind, inrKinds } from '../nn/inr.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { packageRoot } from '../setup/libtorch.js';

// A table of the papers is data: configs/tables/NAME.json.

const textError = 'Expected text';
const text = z.string({ error: textError }).min(1, { error: textError });
const value = z.number({ error: 'Expected a number, or null where the paper has none' }).nullable();
const count = wholeNumber(1, 100_000_000);
const options = z.record(z.string(), z.unknown(), { error: 'Expected an object of options' });

/** What every row has: its name, and the paper's numbers by the table's columns. */
const printed = {
  name: text,
  paper: z.array(value),
  /** Standard deviations of the paper, where it gives them. */
  deviation: z.array(value).optional(),
};

const common = {
  version: z.literal(1, { error: 'Expected 1' }),
  title: text,
  paper: z.enum(['fewsound', 'analysis'], { error: "Expected 'fewsound' or 'analysis'" }),
  /** Head of the names of the rows. */
  label: text,
  /** Keys of the numbers: metrics, or geometric properties. */
  columns: z.array(text).min(1),
};

const fits = optionsObject({
  ...common,
  source: z.literal('fits'),
  /** Which recordings the paper took: so many of each speaker, genre or fold, and how many of all. */
  recordings: optionsObject({
    corpus: z.enum(corpusKinds),
    perGroup: count,
    limit: count.optional(),
  }),
  steps: count,
  /** The network that all rows share, but for what they say themselves. */
  network: options.default({}),
  parts: z.array(
    optionsObject({
      name: text,
      samples: count,
      rows: z.array(
        optionsObject({
          ...printed,
          parameters: count,
          network: options.default({}),
          /** Options of the fit that are not the defaults. */
          fit: options.default({}),
        }),
      ),
    }),
  ),
});

const runs = optionsObject({
  ...common,
  source: z.literal('runs'),
  /** The file with a row's numbers, below the folder of the table; {…} is what the row says. */
  result: text,
  /**
   * Commands that make it, the last writes it. OUT is the folder of the table; other words in
   * capitals are the user's.
   */
  commands: z.array(text).min(1),
  parts: z.array(
    optionsObject({
      name: text,
      rows: z.array(
        optionsObject({
          ...printed,
          /** What stands for {…}; absent where fewsound has no such model. */
          with: z.record(z.string(), z.string()).optional(),
          /** Where the numbers are in the file. */
          at: z.array(z.union([z.string(), z.number()])).default([]),
        }),
      ),
    }),
  ),
});

const schema = z
  .discriminatedUnion('source', [fits, runs], { error: "Expected source 'fits' or 'runs'" })
  .superRefine((table, context) => {
    for (const [i, part] of table.parts.entries()) {
      for (const [j, row] of part.rows.entries()) {
        for (const field of ['paper', 'deviation'] as const) {
          const values = row[field];
          if (values === undefined || values.length === table.columns.length) continue;
          const message = `Expected a number for each of the ${table.columns.length} columns`;
          context.addIssue({ code: 'custom', message, path: ['parts', i, 'rows', j, field] });
        }
      }
    }
  });

/** A table of the papers. */
export type Table = z.output<typeof schema>;
/** A table whose cells are networks fitted to recordings. */
export type FitsTable = z.output<typeof fits>;
/** A table whose rows are trained or published models. */
export type RunsTable = z.output<typeof runs>;
export type FitsRow = FitsTable['parts'][number]['rows'][number];
export type RunsRow = RunsTable['parts'][number]['rows'][number];

/** The network of a row: its kind, and the options that the table gives it. */
export function networkOf(
  table: FitsTable,
  row: FitsRow,
): { kind: InrKind } & Readonly<Record<string, unknown>> {
  return { ...table.network, ...row.network } as { kind: InrKind };
}

const folder = () => join(packageRoot(), 'configs', 'tables');

/** Names of the tables, in the order of the papers. */
export async function tableNames(): Promise<string[]> {
  const names = (await readdir(folder())).filter((name) => name.endsWith('.json'));
  const byNumber = new Intl.Collator('en', { numeric: true });
  return names.map((name) => name.slice(0, -'.json'.length)).sort(byNumber.compare);
}

/**
 * A table by its name.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown name
 */
export async function readTable(name: string): Promise<Table> {
  const names = await tableNames();
  if (!names.includes(name)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `there is no table ${JSON.stringify(name)}; expected one of ${names.join(', ')}.`,
      { field: 'table' },
    );
  }
  const path = join(folder(), `${name}.json`);
  return parseTable(await readJson(path), path);
}

/**
 * @param path how errors call the table
 * @throws FewSoundError INVALID_ARGUMENT naming the field, its value and what was expected
 */
export function parseTable(stored: unknown, path: string): Table {
  const table = parseOptions(schema, stored, path);
  if (table.source === 'fits') {
    for (const part of table.parts) {
      for (const row of part.rows) {
        const { kind } = networkOf(table, row);
        if (inrKinds.includes(kind)) continue;
        const text = `${path}: the network of row ${row.name} is ${JSON.stringify(kind)}. Expected ${inrKinds.join(', ')}.`;
        throw new FewSoundError('INVALID_ARGUMENT', text, { field: 'network' });
      }
    }
  }
  return table;
}
