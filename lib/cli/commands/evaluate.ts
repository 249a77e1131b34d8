import { type Command, Option } from 'commander';
import { openCorpus, type PreparedCorpus, type Split } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { type MetricName, metricNames } from '../../metrics/index.js';
import { type HyperNetwork, loadHyperNetwork } from '../../nn/index.js';
import { runsTable } from '../../report/runs-table.js';
import { formatCount } from '../../report/text-table.js';
import { type CommandContext, type CommandResult, type Execute, UsageError } from '../command.js';
import { type DeviceName, deviceName, integerFrom } from '../flags/parsers.js';
import { chooseDevice } from '../runs/processes.js';
import { findTrainedModel, reconstructSegments, type TrainedModel } from '../runs/trained-model.js';
import { type MetricStatistics, metricStatistics } from '../terminal/metrics.js';
import { showProgress } from '../terminal/progress.js';

/** Trained models, and what to measure them on. */
export interface EvaluateRequest {
  /** Folders of runs, or files of models. */
  readonly models: readonly string[];
  /** Folder of a prepared corpus. */
  readonly corpus: string;
  readonly split: Split;
  /** Segments at most. */
  readonly limit: number;
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
  readonly format: 'text' | 'markdown';
}

/** `fewsound evaluate`: declares it; the work is loaded when it is called. */
export function addEvaluateCommand(program: Command, execute: Execute): void {
  const command = program
    .command('evaluate')
    .argument(
      '<paths...>',
      'folders of runs (their best model) or files of models; last the prepared corpus',
    )
    .usage('RUN... CORPUS [options]')
    .summary('measure trained models on a prepared corpus')
    .description(
      "Passes segments of a prepared corpus through trained models and prints the columns of the paper's tables, a row a model.",
    )
    .addOption(
      new Option('--split <name>', 'part of the corpus')
        .choices(['validation', 'train'])
        .default('validation'),
    )
    .option('--limit <segments>', 'segments at most, spread over the part', integerFrom(1), 512)
    .option('--device <name>', 'cpu, cuda or cuda:N; default: CUDA where there is one', deviceName)
    .addOption(
      new Option('--format <name>', 'of the table').choices(['text', 'markdown']).default('text'),
    )
    .option('-q, --quiet', 'no progress on standard error');
  command.action((paths: string[]) =>
    execute(command, async (context) => {
      const corpus = paths.at(-1);
      const models = paths.slice(0, -1);
      if (models.length === 0 || corpus === undefined) {
        throw new UsageError('missing the corpus: fewsound evaluate RUN... CORPUS');
      }
      const flags = command.opts<Omit<EvaluateRequest, 'models' | 'corpus'>>();
      const { split, limit, format, device } = flags;
      return evaluateModels(
        { models, corpus, split, limit, format, ...(device && { device }) },
        context,
      );
    }),
  );
}

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
