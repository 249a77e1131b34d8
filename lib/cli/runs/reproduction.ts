import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type CorpusKind, corpusKinds } from '../../data/index.js';
import { FewSoundError, throwIfAborted } from '../../errors.js';
import { makeFolder, writeFileAtomic } from '../../files.js';
import { metrics } from '../../metrics/registry.js';
import { type TableReportInput, tableText, writeTableReport } from '../../report/table-report.js';
import { formatCount, kindName } from '../../report/text-table.js';
import {
  type Cell,
  type CellIdentity,
  type CellResult,
  cellsOf,
  chosenCells,
  readCell,
  shardOf,
  shortFor,
  writeCell,
} from '../../tables/cells.js';
import { type ChosenRecordings, chooseRecordings, loadTableClip } from '../../tables/recordings.js';
import { summarizeFits, summarizeRuns } from '../../tables/summary.js';
import type { FitsTable, RunsTable } from '../../tables/table.js';
import {
  type CommandContext,
  type CommandResult,
  reworded,
  stylist,
  UsageError,
} from '../command.js';
import type { TableFitValues } from '../flags/table-fits.js';
import { packageVersion, versions } from '../machine.js';
import { announce } from '../terminal/announce.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import {
  checkFitting,
  type FittingRequest,
  fitNetwork,
  hasDiverged,
  noteFailure,
  summarize,
} from './fitting.js';
import { prettyJson, RunFolder } from './folder.js';

/** The name of a table, and where its results go. */
interface Place {
  readonly table: string;
  readonly out: string | undefined;
}

type Given = Place & TableFitValues;

const outOf = ({ out, table }: Place): string => out ?? join('fewsound-out', `table-${table}`);

/**
 * Makes the table of what other commands left, and says which are to be run.
 *
 * @throws FewSoundError FILE_FORMAT for a result that has not the numbers of the table
 */
export async function reproduceRuns(table: RunsTable, given: Place): Promise<CommandResult> {
  const out = outOf(given);
  const summary = await summarizeRuns(given.table, table, out);
  const facts = { Versions: versions() };
  return writeTable(out, { summary, clips: [], facts, version: packageVersion() });
}

/**
 * Fits what is missing of a table, or of a share of it, and makes the table of all there is.
 *
 * @throws FewSoundError INVALID_ARGUMENT where the folder has results of other options, or has some
 *   and nothing says to go on; ABORTED
 */
export async function reproduceFits(
  table: FitsTable,
  given: Given,
  context: CommandContext,
): Promise<CommandResult> {
  const { seed, recipe } = given;
  const out = outOf(given);
  const samples = Math.min(...table.parts.map((part) => part.samples));
  const chosen = await chooseFrom(sourceOf(given), table, samples, given, context);
  const cells = cellsOf(table, chosen.recordings, { steps: given.steps, seed, recipe });
  const wanted = chosenCells(table, cells, given.rows);
  const short = [...chosen.short, ...shortFor(table, chosen.recordings, given.rows)];
  if (wanted.length === 0) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `no recording is long enough for these rows: ${short.join(', ')}.`,
      { field: 'rows' },
    );
  }
  const results = new Map<string, CellResult>();
  for (const cell of cells) {
    const result = await readCell(out, cell);
    if (result !== undefined) results.set(cell.folder, result);
  }

  const failures: string[] = [];
  if (!given.tableOnly) {
    warnOfSetUp(table, context);
    const done = wanted.filter(({ folder }) => results.has(folder)).length;
    if (done > 0 && !given.resume && given.shard === undefined) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${out} has ${formatCount(done)} of the ${formatCount(wanted.length)} results already. Add --resume to go on, or choose another folder with --out.`,
        { field: 'out' },
      );
    }
    const own = shardOf(wanted, given.shard ?? { index: 1, count: 1 });
    // A mistake in the last row should not show after hours.
    for (const cell of new Map(own.map((each) => [`${each.part}/${each.row}`, each])).values()) {
      checkFitting(await requestOf(cell, given, context));
    }
    announce(
      context,
      `${resolve(out)}: a folder for each of ${formatCount(own.length)} fits, the table and a report`,
      'to go on: the same command with --resume',
    );
    for (const [index, cell] of own.entries()) {
      // Another process may have been here.
      const found = results.get(cell.folder) ?? (await readCell(out, cell));
      const label = `${kindName(cell.identity.network.kind).padEnd(5)}  ${index + 1}/${own.length}  ${cell.clip.recording.name}  `;
      try {
        results.set(cell.folder, found ?? (await fitCell(out, cell, label, given, context)));
      } catch (error) {
        if (!hasDiverged(error)) throw afterFailure(error, results.size);
        failures.push(noteFailure(`${cell.row}, ${cell.clip.recording.name}`, error, context));
      }
    }
  }

  const summary = summarizeFits(given.table, table, cells, [...results.values()]);
  const clips = new Map(
    [...results.values()].map(({ cell: { folder, clip, identity } }) => [
      dirname(folder) + clip.samples,
      { ...identity.recording, start: clip.start, samples: clip.samples },
    ]),
  );
  const written = await writeTable(out, {
    ...{ summary, clips: [...clips.values()], version: packageVersion() },
    facts: {
      Fits: {
        steps: [...new Set(cells.map(({ identity }) => identity.steps))].join(' or '),
        ...{ recipe, seed, optimizer: 'AdamW' },
      },
      Recordings: {
        'too short': listed(short),
        unreadable: listed(chosen.unreadable.map(({ name }) => name)),
        chosen: formatCount(chosen.recordings.length),
      },
      Versions: versions(),
    },
  });
  const { leftOut, unreadable } = chosen;
  return {
    ...written,
    json: { ...written.json, leftOut, short, unreadable, failures },
    ...(failures.length > 0 && { status: 1 }),
  };
}

const listed = (names: readonly string[]) => (names.length > 0 ? names.join(', ') : 'none');

function sourceOf({ clips, corpus = [] }: Given): { kind: CorpusKind; folder: string } {
  if (clips !== undefined && corpus.length === 0) return { kind: 'folder', folder: clips };
  const [name, folder, ...more] = corpus;
  const kind = corpusKinds.find((each) => each === name);
  if (clips === undefined && kind !== undefined && folder !== undefined && more.length === 0) {
    return { kind, folder };
  }
  throw new UsageError(
    `expected recordings: --clips FOLDER, or --corpus CORPUS FOLDER with one of ${corpusKinds.join(', ')}.`,
  );
}

async function chooseFrom(
  { kind, folder }: ReturnType<typeof sourceOf>,
  { recordings }: FitsTable,
  samples: number,
  { limit, seed }: Given,
  context: CommandContext,
): Promise<ChosenRecordings> {
  const chosen = await chooseRecordings({
    ...{ kind, folder, samples, seed, signal: context.signal },
    perGroup: kind === 'folder' ? undefined : recordings.perGroup,
    limit: limit ?? (kind === 'folder' ? undefined : recordings.limit),
  });
  warnOfLeftOut(chosen.leftOut, context);
  return chosen;
}

/** Results are not measured again: what is missing should be known before hours of fitting. */
function warnOfSetUp({ columns }: FitsTable, { stderr, quiet }: CommandContext): void {
  for (const { name, title, needs } of metrics) {
    if (quiet || !columns.includes(name) || needs?.setup?.isDone() !== false) continue;
    stderr.write(
      `${stylist(stderr)('yellow', 'fewsound:')} ${title} is not set up and will be missing from all results: stop, and run fewsound setup ${needs.setup.name} first.\n`,
    );
  }
}

async function requestOf(
  { clip, identity }: Cell,
  { device, threads }: Given,
  { signal }: CommandContext,
): Promise<FittingRequest> {
  const { kind, ...modelOptions } = identity.network;
  const { steps, seed, fit } = identity;
  return {
    ...{ kind, modelOptions, inPieces: false, clip: await loadTableClip(clip, signal) },
    training: { ...fit, steps, seed, device, threads, dtype: 'float32' },
  };
}

/** Steps between two states that a fit keeps, for when it is interrupted. */
const STATE_EVERY = 1000;

async function fitCell(
  out: string,
  cell: Cell,
  label: string,
  given: Given,
  context: CommandContext,
): Promise<CellResult> {
  throwIfAborted(context.signal, 'interrupted.');
  const fitting = checkFitting(await requestOf(cell, given, context));
  const place = join(out, cell.folder);
  const state = join(dirname(place), `.${basename(place)}.state`);
  const resume = await openState(state, cell.identity);
  try {
    const checkpoints = { folder: state, every: STATE_EVERY, resume };
    const fitted = await fitNetwork(fitting, context, { label, checkpoints });
    const { network, pieces } = fitted;
    try {
      const { loss, seconds, secondsPerStep, device, threads, warnings } = summarize(pieces);
      const { parameterCount: parameters } = network;
      const result = {
        ...{ cell, parameters, loss, metrics: fitted.metrics, seconds, secondsPerStep },
      };
      const details = {
        ...{ fewsound: packageVersion(), date: new Date().toISOString() },
        ...{ device, threads, warnings },
        modelOptions: fitting.resolvedModel,
        fitOptions: fitting.resolvedTraining,
      };
      await writeCell(out, result, details, (path) => network.save(path));
      await rm(state, { recursive: true, force: true });
      return result;
    } finally {
      network.dispose();
    }
  } catch (error) {
    // Another process that was faster took the state away with it.
    const found = await readCell(out, cell);
    if (found === undefined) throw error;
    return found;
  } finally {
    // Where nothing was learned there is nothing to keep.
    if (!hasState(state)) await rm(state, { recursive: true, force: true });
  }
}

const hasState = (folder: string) => existsSync(join(folder, 'latest.safetensors'));

/**
 * Makes the folder of a fit's state; one of other steps or another seed is removed.
 *
 * @returns whether there is a state to go on from
 */
async function openState(folder: string, identity: CellIdentity): Promise<boolean> {
  const path = join(folder, 'identity.json');
  const own = prettyJson(identity);
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === own) return hasState(folder);
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  await writeFileAtomic(path, own);
  return false;
}

/** Says what an interruption leaves. */
function afterFailure(error: unknown, kept: number): unknown {
  if (!(error instanceof FewSoundError) || error.code !== 'ABORTED') return error;
  const results = kept === 1 ? '1 result is kept' : `${formatCount(kept)} results are kept`;
  return reworded(
    error,
    `interrupted. ${results}: give the same command with --resume to continue.`,
  );
}

async function writeTable(out: string, input: TableReportInput): Promise<CommandResult> {
  const { summary, clips } = input;
  const folder = await RunFolder.open(out);
  const name = `table-${summary.name}`;
  const files = await folder.write(
    {
      table: (path) => writeFileAtomic(path, `${tableText(input, 'markdown')}\n`),
      report: (path) => writeTableReport(path, input),
      numbers: (path) => writeFileAtomic(path, prettyJson({ ...summary, clips })),
    },
    { table: `${name}.md`, report: `${name}.html`, numbers: `${name}.json` },
  );
  return {
    json: { ...summary, files },
    text: `${tableText(input, 'text')}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
