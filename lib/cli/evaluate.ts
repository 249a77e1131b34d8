import { openCorpus, type PreparedCorpus } from '../data/index.js';
import { type MetricName, metricNames } from '../metrics/index.js';
import { FewSoundError } from '../native/errors.js';
import { type HyperNetwork, loadHyperNetwork } from '../nn/index.js';
import { formatCount } from '../report/numbers.js';
import { runsTable } from '../report/runs-table.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { EvaluateRequest } from './evaluate-command.js';
import { type MetricStatistics, metricStatistics } from './metric-statistics.js';
import { showProgress } from './progress-bar.js';
import { reconstructSegments } from './reconstruct.js';
import { findTrainedModel, type TrainedModel } from './trained-model.js';
import { chooseDevice } from './training-process.js';

/** A model that was measured. */
interface Measured extends TrainedModel {
  readonly model: string;
  readonly parameters: number;
  readonly segments: number;
  readonly metrics: Readonly<Record<MetricName, MetricStatistics>>;
}

/** Measures trained models on a prepared corpus: `fewsound evaluate RUN... CORPUS`. */
export async function evaluateModels(
  request: EvaluateRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { split, limit, format } = request;
  const corpus = await openCorpus(request.corpus);
  try {
    // A mistake in the last should not cost the measuring of the first.
    const found = await Promise.all(request.models.map(findTrainedModel));
    const names = found.map(({ name }) => name);
    const isDistinct = new Set(names).size === names.length;
    const models: Measured[] = [];
    for (const [index, { name, file }] of found.entries()) {
      const named = isDistinct ? name : (request.models[index] as string);
      models.push(await measure({ name: named, file }, corpus, request, context));
    }
    const table = runsTable(
      models.map(({ name, metrics }) => ({ name, metrics: means(metrics) })),
      { format, title: 'Model' },
    );
    const { folder, sampleRate } = corpus;
    const [{ segments }] = models as [Measured];
    const extent = `${formatCount(segments)} segments of the ${split} part of ${folder}, at most ${formatCount(limit)}`;
    return {
      json: { corpus: { folder, kind: corpus.corpus, sampleRate }, split, limit, models },
      text: format === 'markdown' ? table : `${table}\n\nMeans over ${extent}.`,
    };
  } finally {
    await corpus.close();
  }
}

async function measure(
  { name, file }: TrainedModel,
  corpus: PreparedCorpus,
  { split, limit, device }: EvaluateRequest,
  context: CommandContext,
): Promise<Measured> {
  const model = await loadHyperNetwork(file, { device: chooseDevice(device) });
  try {
    requireRate(file, model, corpus);
    const store = corpus[split];
    const total = Math.min(limit, store.length);
    const progress = await showProgress<number>(context, `${name}  `, {
      position: (done) => ({ done, total }),
      describe: (done) => `${formatCount(done)}/${formatCount(total)} segments`,
    });
    const values = new Map<MetricName, number[]>(metricNames.map((metric) => [metric, []]));
    let segments = 0;
    try {
      const { signal } = context;
      for await (const { metrics } of reconstructSegments(model, store, { limit, signal })) {
        for (const metric of metricNames) {
          const value = metrics[metric];
          if (value !== null) values.get(metric)?.push(value);
        }
        progress.update(++segments);
      }
    } finally {
      progress.stop();
    }
    const metrics = Object.fromEntries(
      [...values].map(([metric, all]) => [metric, metricStatistics(all)]),
    ) as Measured['metrics'];
    return { name, file, model: model.kind, parameters: model.parameterCount, segments, metrics };
  } finally {
    model.dispose();
  }
}

function requireRate(file: string, { sampleRate }: HyperNetwork, corpus: PreparedCorpus): void {
  if (sampleRate === undefined || sampleRate === corpus.sampleRate) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${file} was trained at ${sampleRate} Hz, but ${corpus.folder} has ${corpus.sampleRate} Hz. Prepare the corpus with --sample-rate ${sampleRate}.`,
    { field: 'sampleRate' },
  );
}

function means(metrics: Measured['metrics']): Record<string, number | null> {
  return Object.fromEntries(Object.entries(metrics).map(([name, { mean }]) => [name, mean]));
}
