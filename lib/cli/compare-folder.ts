import { basename, join, resolve } from 'node:path';
import { loadClip } from '../audio/index.js';
import { listCorpus } from '../data/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { type DeviationTableOptions, deviationTable } from '../report/deviation-table.js';
import { kindName } from '../report/metric-names.js';
import { formatCount } from '../report/numbers.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { CompareRequest } from './compare-command.js';
import { type CheckedFitting, checkFitting, fitNetwork, summarise } from './fitting.js';
import { type MetricStatistics, metricStatistics } from './metric-statistics.js';
import type { Kind } from './model-flags.js';
import { prettyJson } from './run-config.js';
import { RunFolder } from './run-folder.js';

/** How well one network learned one recording. */
interface ClipResult {
  readonly model: Kind;
  readonly recording: string;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly seconds: number;
}

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
  const { train, validation } = await listCorpus('folder', audio);
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

  const results: ClipResult[] = [];
  const summaries: ModelSummary[] = [];
  for (const model of models) {
    const seen: { fitting: CheckedFitting; parameters: number; secondsPerStep: number }[] = [];
    for (const [index, { path, name }] of recordings.entries()) {
      const fitting = await fittingOf(path, model);
      const label = `${kindName(model[0]).padEnd(5)}  ${index + 1}/${recordings.length}  `;
      const { network, pieces, metrics } = await fitNetwork(fitting, context, { label });
      const { loss, seconds, secondsPerStep } = summarise(pieces);
      seen.push({ fitting, parameters: network.parameterCount, secondsPerStep });
      network.dispose();
      results.push({ model: model[0], recording: name, loss, metrics, seconds });
    }
    const [{ fitting, parameters }] = seen as [(typeof seen)[number]];
    summaries.push({
      model: model[0],
      ...{ parameters, learningRate: fitting.resolvedTraining.learningRate },
      metrics: statisticsOf(results.filter((result) => result.model === model[0])),
      secondsPerStep: metricStatistics(seen.map((each) => each.secondsPerStep)).mean ?? 0,
    });
  }
  return writeTables(request, recordings.length, results, summaries);
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
  { audio, out, recording, training }: CompareRequest,
  recordings: number,
  results: readonly ClipResult[],
  summaries: readonly ModelSummary[],
): Promise<CommandResult> {
  const folder = await RunFolder.open(
    out ?? join('fewsound-out', `${basename(resolve(audio))}-comparison`),
  );
  const rows = summaries.map(({ model, parameters, metrics }) => ({
    name: `${kindName(model)} (${formatCount(parameters)})`,
    metrics,
  }));
  const table = (format: DeviationTableOptions['format'] & string) =>
    deviationTable(rows, { title: 'Network (parameters)', format });
  const extent = `Mean ± standard deviation over ${formatCount(recordings)} recordings of ${formatCount(recording.samples)} samples, ${formatCount(training.steps)} steps each.`;
  const summary = { recordings, steps: training.steps, models: summaries };
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
