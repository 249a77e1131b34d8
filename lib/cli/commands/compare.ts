import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { type Clip, loadClip, writeWav } from '../../audio/index.js';
import { type LeftOut, listCorpus } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { type MetricStatistics, metricStatistics } from '../../metrics/statistics.js';
import { writeComparisonReport } from '../../report/index.js';
import { deviationTable, type RunsTableOptions } from '../../report/tables.js';
import { formatCount, kindName } from '../../report/text-table.js';
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  reworded,
  UsageError,
} from '../command.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from '../flags/networks.js';
import { argument, flag, namesOf, quietFlag } from '../flags/parsers.js';
import { recordingFlags } from '../flags/recording.js';
import { type TrainingSettings, trainingFlags, trainingSettings } from '../flags/training.js';
import {
  type CheckedFitting,
  checkFitting,
  type Fitted,
  fitNetwork,
  reportedModel,
  reportedRun,
  summarize,
} from '../runs/fitting.js';
import { type FileWriter, prettyJson, RunFolder } from '../runs/folder.js';
import { type ClipResult, UnfinishedComparison } from '../runs/unfinished-comparison.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { comparisonText } from '../terminal/metrics.js';

export const compare = defineCommand({
  description:
    'Fits each network to the recording with the same steps and seed, prints one table of metrics and writes one report with the spectrograms side by side. Given a folder, it fits every recording in it and below it, and the table has means and standard deviations.',
  inputs: {
    audio: argument(
      '<audio>',
      'recording to learn: wav, flac, mp3, ogg or opus; or a folder of them',
    ),
    models: flag('--models <names>', 'the networks, separated by commas', namesOf(KINDS), [
      ...KINDS,
    ]),
    out: flag('--out <folder>', 'folder for the results; default: fewsound-out/NAME-comparison'),
    resume: flag(
      '--resume',
      'resume the interrupted comparison of a folder, with the same options',
    ),
    quiet: quietFlag,
    ...recordingFlags,
    ...trainingFlags,
  },
  addFlags: addModelFlags,
  async run({ audio, out, resume = false, ...given }, context, command) {
    const { samples, sampleRate, offset, channel } = given;
    const comparison: Comparison = {
      audio,
      models: modelOptions(command, given.models),
      recording: { samples, sampleRate, offset, channel },
      training: trainingSettings(given),
      out: out ?? join('fewsound-out', `${nameOf(audio)}-comparison`),
    };
    if (isFolder(audio)) return compareFolder(comparison, resume, context);
    if (resume) {
      throw new UsageError(`--resume is for a folder of recordings; ${audio} is not a folder.`);
    }
    return compareOne(comparison, context);
  },
});

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const nameOf = (audio: string) =>
  isFolder(audio) ? basename(resolve(audio)) : basename(audio, extname(audio));

/** Several networks, and what they are to learn. */
interface Comparison {
  readonly audio: string;
  /** Options of each network, in the order of the table. */
  readonly models: ReadonlyMap<Kind, Readonly<Record<string, unknown>>>;
  readonly recording: {
    readonly samples: number;
    readonly sampleRate: number | undefined;
    readonly offset: number;
    readonly channel: number | 'mix';
  };
  readonly training: TrainingSettings;
  readonly out: string;
}

interface ModelSummary {
  readonly model: Kind;
  readonly parameters: number;
  readonly learningRate: number;
  readonly metrics: Readonly<Record<string, MetricStatistics>>;
  readonly secondsPerStep: number;
}

/** Fits several networks to every recording of a folder: table 1 of the FewSound paper. */
async function compareFolder(
  comparison: Comparison,
  resume: boolean,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, models, recording, training } = comparison;
  const { train, validation, leftOut } = await listCorpus('folder', audio);
  warnOfLeftOut(leftOut, context);
  const recordings = [...train, ...validation].sort((a, b) => (a.name < b.name ? -1 : 1));
  const fittingOf = async (
    path: string,
    [kind, modelOptions]: [Kind, Readonly<Record<string, unknown>>],
  ) => {
    const clip = await loadClip(path, { ...recording, signal: context.signal });
    return checkFitting({ kind, modelOptions, clip, inPieces: false, training });
  };
  // All are checked first: a mistake in the last should not show after hours.
  for (const { path } of recordings) {
    for (const model of models) await fittingOf(path, model);
  }

  const folder = await RunFolder.open(comparison.out);
  const unfinished = await UnfinishedComparison.open(
    folder,
    {
      ...{ folder: resolve(audio), recording, training },
      models: [...models],
      recordings: recordings.map(({ name }) => name),
    },
    resume,
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
    const written = await writeTables(folder, comparison, listed, results, summaries);
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
  const { loss, seconds, secondsPerStep } = summarize(pieces);
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

/** Says what an interruption leaves. */
function afterFailure(error: unknown, kept: number): unknown {
  if (!(error instanceof FewSoundError) || kept === 0) return error;
  const done = `${formatCount(kept)} ${kept === 1 ? 'result is' : 'results are'} kept: give the same command with --resume to continue.`;
  return reworded(
    error,
    error.code === 'ABORTED' ? `interrupted. ${done}` : `${error.message} ${done}`,
  );
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
  { audio, recording, training }: Comparison,
  { recordings, leftOut }: { recordings: number; leftOut: readonly LeftOut[] },
  results: readonly ClipResult[],
  summaries: readonly ModelSummary[],
): Promise<CommandResult> {
  const rows = summaries.map(({ model, parameters, metrics }) => ({
    name: `${kindName(model)} (${formatCount(parameters)})`,
    metrics,
  }));
  const table = (format: RunsTableOptions['format']) =>
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

/** Fits several networks to one recording and compares them. */
async function compareOne(comparison: Comparison, context: CommandContext): Promise<CommandResult> {
  const { audio, models, recording, training } = comparison;
  const clip = await loadClip(audio, { ...recording, signal: context.signal });
  // A mistake in the last network's options should not cost the training of the first.
  const fittings = [...models].map(([kind, modelOptions]) =>
    checkFitting({ kind, modelOptions, clip, inPieces: false, training }),
  );

  const fitted: Fitted[] = [];
  try {
    for (const fitting of fittings) {
      const label = `${kindName(fitting.kind).padEnd(5)}  `;
      fitted.push(await fitNetwork(fitting, context, { label }));
    }
    return await writeComparison(await RunFolder.open(comparison.out), comparison, clip, fitted);
  } finally {
    for (const { network } of fitted) network.dispose();
  }
}

async function writeComparison(
  folder: RunFolder,
  { audio, recording, training }: Comparison,
  clip: Clip,
  fitted: readonly Fitted[],
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ fitting, network, pieces, metrics }) => {
    const { steps, loss, seconds, secondsPerStep } = summarize(pieces);
    return {
      model: fitting.kind,
      parameters: network.parameterCount,
      options: fitting.resolvedModel,
      learningRate: fitting.resolvedTraining.learningRate,
      ...{ steps, loss, metrics, seconds, secondsPerStep },
    };
  });
  const { device, threads } = summarize((fitted[0] as Fitted).pieces);
  const summary = { models, device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };
  // Rates are each network's own unless one was given.
  const { learningRate: _, ...common } = (fitted[0] as Fitted).fitting.resolvedTraining;

  // The role of each file, its name and what writes it.
  const outputs: [role: string, name: string, write: FileWriter][] = [
    ['original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 })],
    ...fitted.flatMap(({ fitting: { kind }, network, reconstruction }): typeof outputs => [
      [
        `${kind}Reconstruction`,
        `${kind}.wav`,
        (path) => writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
      ],
      [`${kind}Model`, `${kind}.safetensors`, (path) => network.save(path)],
    ]),
    [
      'report',
      'report.html',
      (path) =>
        writeComparisonReport(path, {
          original,
          models: fitted.map((each) => {
            const model = reportedModel(each);
            const { learningRate } = each.fitting.resolvedTraining;
            return { ...model, options: { ...model.options, learningRate } };
          }),
          run: reportedRun(common, { device, threads }),
        }),
    ],
    ['metrics', 'metrics.json', (path) => writeFileAtomic(path, prettyJson(summary))],
    [
      'config',
      'config.json',
      (path) =>
        writeFileAtomic(path, prettyJson({ audio: original.source, recording, training, models })),
    ],
  ];
  const files = await folder.write(
    Object.fromEntries(outputs.map(([role, , write]) => [role, write])),
    Object.fromEntries(outputs.map(([role, name]) => [role, name])),
  );
  const rows = models.map(({ model, ...rest }) => ({ kind: model, ...rest }));
  return {
    json: { ...summary, files },
    text: `${comparisonText(rows)}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
