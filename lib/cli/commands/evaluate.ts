import { openCorpus, type PreparedCorpus } from '../../data/index.js';
import { requireSamples } from '../../data/training-batches.js';
import { FewSoundError } from '../../errors.js';
import { type MetricName, metricNames } from '../../metrics/index.js';
import { type MetricStatistics, metricStatistics } from '../../metrics/statistics.js';
import { type HyperNetwork, loadHyperNetwork } from '../../nn/index.js';
import { runsTable } from '../../report/tables.js';
import { formatCount } from '../../report/text-table.js';
import {
  type CommandContext,
  defineCommand,
  ofModel,
  UsageError,
  type Values,
} from '../command.js';
import { argument, choice, deviceFlag, flag, integerFrom, quietFlag } from '../flags/parsers.js';
import { chooseDevice } from '../runs/processes.js';
import { findTrainedModel, reconstructSegments, type TrainedModel } from '../runs/trained-model.js';
import { counted, withProgress } from '../terminal/progress.js';

const inputs = {
  paths: argument(
    '<paths...>',
    'folders of runs (their best model) or files of models; last the prepared corpus',
  ),
  split: choice('--split <name>', 'part of the corpus', ['validation', 'train'], 'validation'),
  limit: flag('--limit <segments>', 'segments at most, spread over the part', integerFrom(1), 512),
  device: deviceFlag,
  format: choice('--format <name>', 'of the table', ['text', 'markdown'], 'text'),
  quiet: quietFlag,
};

type Given = Values<typeof inputs>;

export const evaluateCommand = defineCommand({
  description:
    "Passes segments of a prepared corpus through trained models and prints the columns of the paper's tables, one row for each model.",
  usage: 'RUN... CORPUS [options]',
  examples: [
    'fewsound evaluate runs/kan fewsound-out/vctk',
    'fewsound evaluate runs/kan runs/nerf fewsound-out/vctk --limit 100',
  ],
  inputs,
  async run(given, context) {
    const { split, limit, format } = given;
    const paths = given.paths.slice(0, -1);
    if (paths.length === 0) {
      throw new UsageError('missing the corpus: fewsound evaluate RUN... CORPUS');
    }
    const corpus = await openCorpus(given.paths.at(-1) as string);
    try {
      const found = await Promise.all(paths.map(findTrainedModel));
      // A mistake in the last should not cost the measuring of the first.
      for (const { file } of found.slice(1)) {
        using model = await loadHyperNetwork(file);
        requireFit(file, model, corpus, split);
      }
      const names = found.map(({ name }) => name);
      const isDistinct = new Set(names).size === names.length;
      const models: Measured[] = [];
      for (const [index, { name, file }] of found.entries()) {
        const named = isDistinct ? name : (paths[index] as string);
        models.push(await measure({ name: named, file }, corpus, given, context));
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
  },
});

/** A model that was measured. */
interface Measured extends TrainedModel {
  readonly model: string;
  readonly parameters: number;
  readonly segments: number;
  readonly metrics: Readonly<Record<MetricName, MetricStatistics>>;
}

async function measure(
  { name, file }: TrainedModel,
  corpus: PreparedCorpus,
  { split, limit, device }: Given,
  context: CommandContext,
): Promise<Measured> {
  const model = await loadHyperNetwork(file, { device: chooseDevice(device) });
  try {
    requireFit(file, model, corpus, split);
    const store = corpus[split];
    const total = Math.min(limit, store.length);
    const values = new Map<MetricName, (number | null)[]>(metricNames.map((each) => [each, []]));
    let segments = 0;
    const { signal } = context;
    await withProgress(context, `${name}  `, counted('segments'), async (progress) => {
      for await (const { metrics } of reconstructSegments(model, store, { limit, signal })) {
        for (const metric of metricNames) values.get(metric)?.push(metrics[metric]);
        segments += 1;
        progress.update({ done: segments, total });
      }
    });
    const metrics = Object.fromEntries(
      [...values].map(([metric, all]) => [metric, metricStatistics(all)]),
    ) as Measured['metrics'];
    return { name, file, model: model.kind, parameters: model.parameterCount, segments, metrics };
  } finally {
    model.dispose();
  }
}

/** @throws FewSoundError INVALID_ARGUMENT for a model of another rate, or of longer segments */
function requireFit(
  file: string,
  { sampleRate, options }: HyperNetwork,
  corpus: PreparedCorpus,
  split: Given['split'],
): void {
  if (sampleRate !== undefined && sampleRate !== corpus.sampleRate) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${file} was trained at ${sampleRate} Hz, but ${corpus.folder} has ${corpus.sampleRate} Hz. Prepare the corpus with --sample-rate ${sampleRate}.`,
      { field: 'sampleRate' },
    );
  }
  ofModel(file, () => requireSamples(corpus[split], options.samples));
}

function means(metrics: Measured['metrics']): Record<string, number | null> {
  return Object.fromEntries(Object.entries(metrics).map(([name, { mean }]) => [name, mean]));
}
