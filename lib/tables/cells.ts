import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { makeFolder, readJson, writeFileAtomic } from '../files.js';
import type { InrKind } from '../nn/inr.js';
import { defaultLearningRates } from '../nn/networks.js';
import { optionRows, parseOptions } from '../options.js';
import { type FitOptions, type RecipeName, recipeFor } from '../train/index.js';
import { recipesOf } from '../train/recipes.js';
import { clipOf, type TableClip, type TableRecording } from './recordings.js';
import { type FitsRow, type FitsTable, networkOf } from './table.js';

/** What decides the results of all cells of a folder. */
export interface CellSettings {
  /** Default: the recipe's where the network has it, and those of the table. */
  readonly steps?: number | undefined;
  readonly seed: number;
  readonly recipe: RecipeName;
}

/** What a cell is: all that decides its result. */
export interface CellIdentity extends CellSettings {
  readonly steps: number;
  readonly recording: { readonly name: string; readonly sha256: string };
  readonly start: number;
  readonly samples: number;
  readonly network: { readonly kind: InrKind } & Readonly<Record<string, unknown>>;
  readonly fit: FitOptions & { readonly learningRate: number };
}

/** A row's network on a recording: one fit, in a folder of its own. */
export interface Cell {
  readonly part: string;
  readonly row: string;
  readonly clip: TableClip;
  /** Below the folder of the table. Tables that have this cell in common share it. */
  readonly folder: string;
  readonly identity: CellIdentity;
}

/**
 * The cells of a table, clip by clip.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a recipe and a table that varies what a recipe fixes
 */
export function cellsOf(
  table: FitsTable,
  recordings: readonly TableRecording[],
  settings: CellSettings,
): Cell[] {
  if (settings.recipe !== 'paper') requireOneKan(table);
  return table.parts.flatMap((part) =>
    recordings
      .filter(({ length }) => length >= part.samples)
      .map((recording) => clipOf(recording, part.samples, settings.seed))
      .flatMap((clip) => part.rows.map((row) => cellOf(table, part.name, row, clip, settings))),
  );
}

function cellOf(
  table: FitsTable,
  part: string,
  row: FitsRow,
  clip: TableClip,
  settings: CellSettings,
): Cell {
  const { samples, start, recording } = clip;
  const given = networkOf(table, row);
  const { kind } = given;
  // Networks without such a recipe learn as in the paper.
  const recipe =
    settings.recipe !== 'paper' && recipesOf(kind).includes(settings.recipe)
      ? settings.recipe
      : undefined;
  const own = recipe && recipeFor(recipe, kind);
  const { network, fit } =
    own === undefined
      ? { network: given, fit: row.fit as FitOptions }
      : { network: { kind, ...own.network }, fit: { ...own.fit, ...row.fit } };
  const learningRate = fit.learningRate ?? defaultLearningRates[kind];
  const { steps: usual = table.steps, ...course } = fit;
  const name =
    own === undefined
      ? nameOf(network, { ...fit, learningRate })
      : `${kind}_${own.name}-${own.version}`;
  return {
    ...{ part, row: row.name, clip },
    folder: join('cells', recording.name.replaceAll('/', '__'), `${samples}_${name}`),
    identity: {
      recording: { name: recording.name, sha256: recording.sha256 },
      ...{ start, samples, network, fit: { ...course, learningRate } },
      ...{ steps: settings.steps ?? usual, seed: settings.seed, recipe: recipe ?? 'paper' },
    },
  };
}

/** `kan_encoding-8_order-2_rate-0.005`: the options that are not the network's defaults. */
function nameOf(
  { kind, ...network }: CellIdentity['network'],
  { learningRate, ...fit }: CellIdentity['fit'],
): string {
  const usual = new Map(optionRows('network', kind).map((row) => [row.name, row.default]));
  const changed = Object.entries(network).filter(
    ([name, value]) => !isDeepStrictEqual(value, usual.get(name)),
  );
  const options = [...changed, ...Object.entries(fit), ['rate', learningRate] as const]
    .map(([name, value]) => `${name}-${[value].flat().join('-')}`)
    .sort();
  return [kind, ...options].join('_');
}

/** A shard I of N, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The cells of one of several processes that share the work: every N-th. */
export function shardOf<Any>(cells: readonly Any[], { index, count }: Shard): Any[] {
  return cells.filter((_, position) => position % count === index - 1);
}

/** The letters and digits of a name, in lower case: `1.5s`, `24-12-6`. */
const wordOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '');

/** What a row may be called. */
const wordsOf = (part: string, row: string) => [
  ...[wordOf(part), wordOf(row)],
  `${wordOf(part)}/${wordOf(row)}`,
];

const isChosen = (part: string, row: string, rows: readonly string[] | undefined): boolean =>
  rows === undefined || wordsOf(part, row).some((word) => rows.includes(word));

/**
 * The cells of some rows.
 *
 * @param rows names of parts, of rows, or PART/ROW; undefined: all
 * @throws FewSoundError INVALID_ARGUMENT for a name that the table does not have
 */
export function chosenCells(
  table: FitsTable,
  cells: readonly Cell[],
  rows?: readonly string[],
): readonly Cell[] {
  if (rows === undefined) return cells;
  const known = new Set(
    table.parts.flatMap((part) => part.rows.flatMap((row) => wordsOf(part.name, row.name))),
  );
  const unknown = rows.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const listed = [...known].filter((word) => !word.includes('/')).join(', ');
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `the table has no row ${JSON.stringify(unknown)}; expected parts or rows out of ${listed}, or PART/ROW.`,
      { field: 'rows' },
    );
  }
  return cells.filter(({ part, row }) => isChosen(part, row, rows));
}

/**
 * Recordings that are too short for some of the rows of {@link chosenCells}.
 *
 * @returns `NAME (PART)` for each part that they are too short for
 */
export function shortFor(
  table: FitsTable,
  recordings: readonly TableRecording[],
  rows?: readonly string[],
): string[] {
  return table.parts
    .filter((part) => part.rows.some((row) => isChosen(part.name, row.name, rows)))
    .flatMap((part) =>
      recordings
        .filter(({ length }) => length < part.samples)
        .map(({ name }) => `${name} (${part.name})`),
    );
}

function requireOneKan(table: FitsTable): void {
  const kans = table.parts.map(
    ({ rows }) => rows.filter((row) => networkOf(table, row).kind === 'kan').length,
  );
  if (kans.every((count) => count === 1)) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    'a recipe has a network of its own, and this table compares networks of one kind; leave the recipe out, or take a table of different networks.',
    { field: 'recipe' },
  );
}

const number = z.number();
const resultFields = {
  parameters: number,
  /** The last. */
  loss: number,
  metrics: z.record(z.string(), number.nullable()),
  /** Of all its steps. */
  seconds: number,
  secondsPerStep: number,
};
const storedSchema = z.object({ identity: z.looseObject({}), ...resultFields });

/** What came of a cell. */
export type CellResult = Readonly<Omit<z.output<typeof storedSchema>, 'identity'>> & {
  readonly cell: Cell;
};

/** The file that says that a cell is done. */
const CELL_FILE = 'cell.json';

/**
 * The result of a cell; undefined where it is not done.
 *
 * @param out the folder of the table
 * @throws FewSoundError INVALID_ARGUMENT where the folder holds the result of something else;
 *   FILE_FORMAT where the file is damaged
 */
export async function readCell(out: string, cell: Cell): Promise<CellResult | undefined> {
  const path = join(out, cell.folder, CELL_FILE);
  if (!existsSync(path)) return undefined;
  const stored = await readJson(path, {
    damaged: 'Remove the folder of that cell to fit it again.',
  });
  const { identity, ...result } = parseOptions(storedSchema, stored, path);
  const expected = JSON.parse(JSON.stringify(cell.identity)) as Record<string, unknown>;
  const other = Object.keys(expected).find(
    (key) => !isDeepStrictEqual(identity[key], expected[key]),
  );
  if (other === undefined) return { cell, ...result };
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${path} is of another ${other}: ${JSON.stringify(identity[other])}, not ${JSON.stringify(expected[other])}. Give the same options as before, remove the folder of that cell, or choose another folder with --out.`,
    { field: other },
  );
}

/**
 * Writes what came of a cell into its folder, whole or not at all. Where another process was
 * faster, its result stays.
 *
 * @param details what the reader wants to know beside the numbers
 * @param saveModel writes the network to a path
 * @throws FewSoundError IO
 */
export async function writeCell(
  out: string,
  { cell, ...result }: CellResult,
  details: Readonly<Record<string, unknown>>,
  saveModel: (path: string) => Promise<void>,
): Promise<void> {
  const place = join(out, cell.folder);
  await makeFolder(dirname(place));
  // Unlike one of mkdtemp it can be read by whom other folders can be read.
  const staging = join(dirname(place), `.unfinished-${randomBytes(6).toString('hex')}`);
  await makeFolder(staging);
  try {
    await saveModel(join(staging, 'model.safetensors'));
    const stored = { identity: cell.identity, ...result, ...details };
    await writeFileAtomic(join(staging, CELL_FILE), `${JSON.stringify(stored, undefined, 2)}\n`);
    // What lies there without that file is the rest of a cell that somebody removed.
    if (!existsSync(join(place, CELL_FILE))) await rm(place, { recursive: true, force: true });
    await rename(staging, place);
  } catch (cause) {
    if (existsSync(join(place, CELL_FILE))) return;
    if (cause instanceof FewSoundError) throw cause;
    const text = `cannot write to ${place}: ${(cause as Error).message}`;
    throw new FewSoundError('IO', text, { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
