import { basename, join, resolve } from 'node:path';
import { loadClip } from '../audio/index.js';
import { type LeftOut, listCorpus } from '../data/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { FewSoundError } from '../native/errors.js';
import { type DeviationTableOptions, deviationTable } from '../report/deviation-table.js';
import { kindName } from '../report/metric-names.js';
import { formatCount } from '../report/numbers.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { CompareRequest } from './compare-command.js';
import { type CheckedFitting, checkFitting, fitNetwork, summarise } from './fitting.js';
import { warnOfLeftOut } from './left-out.js';
import { type MetricStatistics, metricStatistics } from './metric-statistics.js';
import type { Kind } from './model-flags.js';
import { prettyJson } from './run-config.js';
import { RunFolder } from './run-folder.js';
import { type ClipResult, UnfinishedComparison } from './unfinished-comparison.js';

interface ModelSummary {
  readonly model: Kind;
  readonly parameters: number;
  readonly learningRate: number;
  readonly metrics: Readonly<Record<string, MetricStatistics>>;
  readonly secondsPerStep: number;
}

/**
 * Fits several networks to every recording of a folder and below it: the table of means and deviations that table 1 of
 * the FewSound paper is.
 */
export async function compareFolder(
  request: CompareRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, models, training } = request;
  const { train, validation, leftOut } = await listCorpus('folder', audio);
  warnOfLeftOut(leftOut, context);
  const recordings = [...train, ...validation].sort((a, b) => (a.name < b.name ? -1 : 1));
  const fittingOf = async (path: string, [kind, modelOptions]: [Kind, object]) => {
    const clip = await loadClip(path, { ...request.recording, signal: context.signal });
    return checkFitting({
      kind,
      modelOptions: modelOptions as Readonly<Record<string, unknown>>,
      ...{ clip, inPieces: false, training },
    });
  };
  // A mistake in the last network's options, or a broken last recording, should not cost hours before it.
  for (const { path } of recordings) {
    for (const model of models) await fittingOf(path, model);
  }

  const folder = await RunFolder.open(
    request.out ?? join('fewsound-out', `${basename(resolve(audio))}-comparison`),
  );
  const unfinished = await UnfinishedComparison.open(
    folder,
    {
      ...{ folder: resolve(audio), recording: request.recording, training },
      models: [...models],
      recordings: recordings.map(({ name }) => name),
    },
    request.resume,
  ).catch(async (error) => {
    await folder.removeIfEmpty();
    throw error;
  });
  const results: ClipResult[] = [];
  try {
    for (const model of models) {
      for (const [index, { path, name }] of recordings.entries()) {
        let result = unfinished.find(model[0], name);
        if (result === undefined) {
          const label = `${kindName(model[0]).padEnd(5)}  ${index + 1}/${recordings.length}  `;
          result = await fitOne(await fittingOf(path, model), name, label, context);
          await unfinished.add(result);
        }
        results.push(result);
      }
    }
    const summaries = [...models.keys()].map((kind) =>
      summaryOf(results.filter(({ model }) => model === kind)),
    );
    const listed = { recordings: recordings.length, leftOut };
    const written = await writeTables(folder, request, listed, results, summaries);
    await unfinished.remove();
    return written;
  } catch (error) {
    if (unfinished.count === 0) await folder.removeIfEmpty();
    throw afterFailure(error, unfinished.count);
  }
}

async function fitOne(
  fitting: CheckedFitting,
  recording: string,
  label: string,
  context: CommandContext,
): Promise<ClipResult> {
  const { network, pieces, metrics } = await fitNetwork(fitting, context, { label });
  const { loss, seconds, secondsPerStep } = summarise(pieces);
  const { learningRate } = fitting.resolvedTraining;
  const parameters = network.parameterCount;
  network.dispose();
  return {
    model: fitting.kind,
    ...{ recording, parameters, learningRate, loss, metrics, seconds, secondsPerStep },
  };
}

/** @param results of one network, at least one */
function summaryOf(results: readonly ClipResult[]): ModelSummary {
  const { model, parameters, learningRate } = results[0] as ClipResult;
  return {
    ...{ model, parameters, learningRate, metrics: statisticsOf(results) },
    secondsPerStep: metricStatistics(results.map((each) => each.secondsPerStep)).mean ?? 0,
  };
}

/** What an interruption leaves is said with it. */
function afterFailure(error: unknown, kept: number): unknown {
  if (!(error instanceof FewSoundError) || kept === 0) return error;
  const done = `${formatCount(kept)} ${kept === 1 ? 'result is' : 'results are'} kept: the same command with --resume goes on.`;
  const { code, field, shapes } = error;
  const message = code === 'ABORTED' ? `interrupted. ${done}` : `${error.message} ${done}`;
  return new FewSoundError(code, message, {
    cause: error,
    ...(field !== undefined && { field }),
    ...(shapes !== undefined && { shapes }),
  });
}

function statisticsOf(results: readonly ClipResult[]): ModelSummary['metrics'] {
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
  { audio, recording, training }: CompareRequest,
  { recordings, leftOut }: { recordings: number; leftOut: readonly LeftOut[] },
  results: readonly ClipResult[],
  summaries: readonly ModelSummary[],
): Promise<CommandResult> {
  const rows = summaries.map(({ model, parameters, metrics }) => ({
    name: `${kindName(model)} (${formatCount(parameters)})`,
    metrics,
  }));
  const table = (format: DeviationTableOptions['format'] & string) =>
    deviationTable(rows, { title: 'Network (parameters)', format });
  const extent = `Mean ± standard deviation over ${formatCount(recordings)} recordings of ${formatCount(recording.samples)} samples, ${formatCount(training.steps)} steps each.`;
  const summary = { recordings, leftOut, steps: training.steps, models: summaries };
  const files = await folder.write(
    {
      table: (path) => writeFileAtomic(path, `${table('markdown')}\n\n${extent}\n`),
      metrics: (path) => writeFileAtomic(path, prettyJson({ ...summary, results })),
      config: (path) =>
        writeFileAtomic(
          path,
          prettyJson({
            ...{ folder: resolve(audio), recording, training },
            models: summaries.map(({ model }) => model),
          }),
        ),
    },
    { table: 'table.md', metrics: 'metrics.json', config: 'config.json' },
  );
  return {
    json: { ...summary, files },
    text: `${table('text')}\n* best; ↑ higher is better, ↓ lower is better\n\n${extent}\nResults in ${folder.path}; the table is ${files.table}`,
  };
}
