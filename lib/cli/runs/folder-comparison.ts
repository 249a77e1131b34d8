import { resolve } from 'node:path';
import { type Clip, loadClip } from '../../audio/index.js';
import { listRecordings } from '../../data/corpora/index.js';
import type { LeftOut } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { type MetricStatistics, metricStatistics } from '../../metrics/statistics.js';
import { YARDSTICK } from '../../report/comparison-table.js';
import { deviationTable, type RunsTableOptions } from '../../report/tables.js';
import { formatCount } from '../../report/text-table.js';
import { type CommandContext, type CommandResult, reworded } from '../command.js';
import { announce } from '../terminal/announce.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { type Comparison, type Contender, labelOf } from './comparison.js';
import { checkFitting, fitNetwork, hasDiverged, noteFailure, summarize } from './fitting.js';
import { prettyJson, RunFolder } from './folder.js';
import { type ClipResult, UnfinishedComparison } from './unfinished-comparison.js';
import { measureYardstick, type Yardstick, yardstickJson } from './yardstick.js';

interface ModelSummary {
  /** Name of the contender. */
  readonly model: string;
  readonly parameters: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly metrics: Readonly<Record<string, MetricStatistics>>;
  readonly secondsPerStep: number;
}

/** Fits several networks to every recording of a folder: table 1 of the FewSound paper. */
export async function compareFolder(
  comparison: Comparison,
  resume: boolean,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, recording, training } = comparison;
  const { contenders } = comparison;
  const { recordings, leftOut } = await listRecordings('folder', audio);
  warnOfLeftOut(leftOut, context);
  const clipOf = (path: string) => loadClip(path, { ...recording, signal: context.signal });
  // All are checked first: a mistake in the last should not show after hours.
  for (const { path } of recordings) {
    const clip = await clipOf(path);
    requireLength(clip, path, recording.samples);
    for (const contender of contenders) checkFitting({ ...contender, clip, inPieces: false });
  }

  const folder = await RunFolder.open(comparison.out);
  const unfinished = await UnfinishedComparison.open(
    folder,
    {
      ...{ folder: resolve(audio), recording, training },
      models: contenders.map((each) => [
        each.name,
        each.recipe ? { ...each.modelOptions, recipe: each.recipe } : each.modelOptions,
      ]),
      recordings: recordings.map(({ name }) => name),
    },
    resume,
  ).catch(async (error) => {
    await folder.removeIfEmpty();
    throw error;
  });
  announce(
    context,
    `${folder.path}: table.md, metrics.json, config.json`,
    'to go on after the last result: the same command with --resume',
  );
  const results: ClipResult[] = [];
  const failures: string[] = [];
  try {
    for (const contender of contenders) {
      for (const [index, { path, name }] of recordings.entries()) {
        let result = unfinished.find(contender.name, name);
        if (result === undefined) {
          const label = `${labelOf(contender, contenders)}  ${index + 1}/${recordings.length}  `;
          try {
            result = await fitOne(contender, await clipOf(path), name, label, context);
          } catch (error) {
            if (!hasDiverged(error)) throw error;
            failures.push(noteFailure(`${contender.label}, ${name}`, error, context));
            continue;
          }
          await unfinished.add(result);
        }
        results.push(result);
      }
    }
    const learned = contenders.filter(({ name }) => results.some(({ model }) => model === name));
    if (learned.length === 0) {
      throw new FewSoundError('DIVERGED', `no fit came to a result. ${failures[0]}`);
    }
    const summaries = learned.map((contender) =>
      summaryOf(
        contender,
        results.filter(({ model }) => model === contender.name),
      ),
    );
    const numbers = Math.max(...summaries.map(({ parameters }) => parameters));
    const yardsticks: Yardstick[] = [];
    for (const { path } of recordings) {
      yardsticks.push(await measureYardstick(await clipOf(path), numbers));
    }
    const listed = { recordings: recordings.length, leftOut, failures };
    const written = await writeTables(folder, comparison, listed, {
      ...{ contenders: learned, results, summaries },
      yardstick: { numbers, metrics: statisticsOf(yardsticks), results: yardsticks },
    });
    await unfinished.remove();
    return written;
  } catch (error) {
    if (unfinished.count === 0) await folder.removeIfEmpty();
    throw afterFailure(error, unfinished.count);
  }
}

/** Rows are compared over clips of one length. */
function requireLength({ length }: Clip, path: string, samples: number): void {
  if (length === samples) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${path} has ${formatCount(length)} samples, and a comparison of a folder is of recordings with --samples ${samples}. Remove it from the folder, or give fewer samples.`,
    { field: 'samples' },
  );
}

async function fitOne(
  contender: Contender,
  clip: Clip,
  recording: string,
  label: string,
  context: CommandContext,
): Promise<ClipResult> {
  const fitting = checkFitting({ ...contender, clip, inPieces: false });
  const { network, pieces, metrics } = await fitNetwork(fitting, context, { label });
  const { loss, seconds, secondsPerStep } = summarize(pieces);
  const { learningRate } = fitting.resolvedTraining;
  const parameters = network.parameterCount;
  network.dispose();
  return {
    model: contender.name,
    ...{ recording, parameters, learningRate, loss, metrics, seconds, secondsPerStep },
  };
}

/** What was fitted to, and what is missing of it. */
interface Listed {
  readonly recordings: number;
  readonly leftOut: readonly LeftOut[];
  readonly failures: readonly string[];
}

interface FolderResults {
  /** Those that have a row. */
  readonly contenders: readonly Contender[];
  readonly results: readonly ClipResult[];
  readonly summaries: readonly ModelSummary[];
  readonly yardstick: {
    readonly numbers: number;
    readonly metrics: ModelSummary['metrics'];
    readonly results: readonly Yardstick[];
  };
}

/** @param results of one network, at least one */
function summaryOf({ training }: Contender, results: readonly ClipResult[]): ModelSummary {
  const { model, parameters, learningRate } = results[0] as ClipResult;
  return {
    ...{ model, parameters, steps: training.steps, learningRate, metrics: statisticsOf(results) },
    secondsPerStep: metricStatistics(results.map((each) => each.secondsPerStep)).mean ?? 0,
  };
}

/** Says what an interruption leaves. */
function afterFailure(error: unknown, kept: number): unknown {
  if (!(error instanceof FewSoundError) || kept === 0) return error;
  const done = `${formatCount(kept)} ${kept === 1 ? 'result is' : 'results are'} kept: give the same command with --resume to continue.`;
  return reworded(
    error,
    error.code === 'ABORTED' ? `interrupted. ${done}` : `${error.message} ${done}`,
  );
}

function statisticsOf(results: readonly Pick<ClipResult, 'metrics'>[]): ModelSummary['metrics'] {
  const [first] = results;
  return Object.fromEntries(
    Object.keys(first?.metrics ?? {}).map((key) => [
      key,
      metricStatistics(results.map(({ metrics }) => metrics[key] ?? null)),
    ]),
  );
}

async function writeTables(
  folder: RunFolder,
  { audio, recording, training }: Comparison,
  { recordings, leftOut, failures }: Listed,
  { contenders, results, summaries, yardstick }: FolderResults,
): Promise<CommandResult> {
  const rows = summaries.map(({ parameters, metrics }, index) => ({
    name: `${contenders[index]?.label} (${formatCount(parameters)})`,
    metrics,
  }));
  const beside = {
    name: `${YARDSTICK} (${formatCount(yardstick.numbers)})`,
    metrics: yardstick.metrics,
  };
  const table = (format: RunsTableOptions['format']) =>
    deviationTable([...rows, beside], {
      ...{ title: 'Network (parameters)', format, compared: rows.length },
    });
  const steps = [...new Set(summaries.map((each) => each.steps))];
  const extent = `Mean ± standard deviation over ${formatCount(recordings)} recordings of ${formatCount(recording.samples)} samples, ${steps.map(formatCount).join(', ')} steps${steps.length === 1 ? ' each' : ''}. ${YARDSTICK}: as many numbers without a network.${failures.length > 0 ? ` Missing: ${failures.join('; ')}.` : ''}`;
  const summary = {
    // Recipes have steps of their own, which their models tell.
    ...{ recordings, leftOut, failures, ...(steps.length === 1 && { steps: steps[0] }) },
    models: summaries,
    yardstick: { ...yardstick, results: yardstick.results.map(yardstickJson) },
  };
  const files = await folder.write(
    {
      table: (path) => writeFileAtomic(path, `${table('markdown')}\n\n${extent}\n`),
      metrics: (path) => writeFileAtomic(path, prettyJson({ ...summary, results })),
      config: (path) =>
        writeFileAtomic(
          path,
          prettyJson({
            ...{ folder: resolve(audio), recording, training },
            models: contenders.map(({ name }) => name),
          }),
        ),
    },
    { table: 'table.md', metrics: 'metrics.json', config: 'config.json' },
  );
  return {
    json: { ...summary, files },
    ...(failures.length > 0 && { status: 1 }),
    text: `${table('text')}\n* best; ↑ higher is better, ↓ lower is better\n\n${extent}\nResults in ${folder.path}; the table is ${files.table}`,
  };
}
