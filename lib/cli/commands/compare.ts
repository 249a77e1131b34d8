import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Clip, loadClip, writeWav } from '../../audio/index.js';
import { type LeftOut, listCorpus } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { writeComparisonReport } from '../../report/index.js';
import { kindName } from '../../report/metrics.js';
import { type DeviationTableOptions, deviationTable } from '../../report/runs-table.js';
import { formatCount } from '../../report/text-table.js';
import { type CommandContext, type CommandResult, type Execute, UsageError } from '../command.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from '../flags/networks.js';
import { namesOf } from '../flags/parsers.js';
import {
  addRecordingFlags,
  type RecordingSettings,
  recordingSettings,
} from '../flags/recording.js';
import { addTrainingFlags, type TrainingSettings, trainingSettings } from '../flags/training.js';
import { prettyJson } from '../runs/fit-config.js';
import {
  type CheckedFitting,
  checkFitting,
  type Fitted,
  fitNetwork,
  reportedModel,
  reportedRun,
  summarise,
} from '../runs/fitting.js';
import { type FileWriter, RunFolder } from '../runs/folder.js';
import { type ClipResult, UnfinishedComparison } from '../runs/unfinished-comparison.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { comparisonText, type MetricStatistics, metricStatistics } from '../terminal/metrics.js';

/** Several networks, one recording. */
export interface CompareRequest {
  /** Or a folder of recordings. */
  readonly audio: string;
  /** Options of each network, in the order of the table. */
  readonly models: ReadonlyMap<Kind, Readonly<Record<string, unknown>>>;
  readonly recording: RecordingSettings & { readonly samples: number };
  readonly training: TrainingSettings;
  readonly out?: string;
  /** Go on with an interrupted comparison of a folder. */
  readonly resume: boolean;
}

/** `fewsound compare`: declares it; the work is loaded when it is called. */
export function addCompareCommand(program: Command, execute: Execute): void {
  const command = program
    .command('compare')
    .argument('<audio>', 'recording to learn: wav, flac, mp3, ogg or opus; or a folder of them')
    .summary('fit several networks to one recording, or to many, and compare them')
    .description(
      'Fits each network to the recording with the same steps and seed, prints one table of metrics and writes one report with the spectrograms side by side. Of a folder, every recording in it and below it is learned, and the table has means and standard deviations.',
    )
    .option('--models <names>', 'the networks, with commas between', namesOf(KINDS), [...KINDS])
    .option('--out <folder>', 'folder for the results; default: fewsound-out/NAME-comparison')
    .option('--resume', 'go on with the interrupted comparison of a folder, all else as it was')
    .option('-q, --quiet', 'no progress on standard error');
  addRecordingFlags(command, { all: false });
  addTrainingFlags(command);
  addModelFlags(command);
  command.action((audio: string) =>
    execute(command, async (context) => {
      const { models, out, resume } = command.opts<{
        models: Kind[];
        out?: string;
        resume?: true;
      }>();
      const request: CompareRequest = {
        audio,
        models: modelOptions(command, models),
        recording: recordingSettings(command) as CompareRequest['recording'],
        training: trainingSettings(command),
        resume: resume ?? false,
        ...(out !== undefined && { out }),
      };
      if (statSync(audio, { throwIfNoEntry: false })?.isDirectory()) {
        return compareFolder(request, context);
      }
      if (request.resume) {
        throw new UsageError(`--resume is for a folder of recordings; ${audio} is none.`);
      }
      return compare(request, context);
    }),
  );
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

/** Fits several networks to one recording and compares them. */
export async function compare(
  request: CompareRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, models, recording, training } = request;
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
    const name = basename(audio, extname(audio));
    const folder = await RunFolder.open(request.out ?? join('fewsound-out', `${name}-comparison`));
    return await writeComparison(folder, request, clip, fitted);
  } finally {
    for (const { network } of fitted) network.dispose();
  }
}

async function writeComparison(
  folder: RunFolder,
  { audio, recording, training }: CompareRequest,
  clip: Clip,
  fitted: readonly Fitted[],
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ fitting, network, pieces, metrics }) => {
    const { steps, loss, seconds, secondsPerStep } = summarise(pieces);
    return {
      model: fitting.kind,
      parameters: network.parameterCount,
      options: fitting.resolvedModel,
      learningRate: fitting.resolvedTraining.learningRate,
      ...{ steps, loss, metrics, seconds, secondsPerStep },
    };
  });
  const { device, threads } = summarise((fitted[0] as Fitted).pieces);
  const summary = { models, device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };
  // Rates are each network's own unless one was given.
  const { learningRate: _, ...common } = (fitted[0] as Fitted).fitting.resolvedTraining;

  const writers: Record<string, FileWriter> = {};
  const names: Record<string, string> = {};
  const add = (role: string, name: string, write: FileWriter) => {
    writers[role] = write;
    names[role] = name;
  };
  add('original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 }));
  for (const { fitting, network, reconstruction } of fitted) {
    const { kind } = fitting;
    add(`${kind}Reconstruction`, `${kind}.wav`, (path) =>
      writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
    );
    add(`${kind}Model`, `${kind}.safetensors`, (path) => network.save(path));
  }
  add('report', 'report.html', (path) =>
    writeComparisonReport(path, {
      original,
      models: fitted.map((each) => {
        const model = reportedModel(each);
        const { learningRate } = each.fitting.resolvedTraining;
        return { ...model, options: { ...model.options, learningRate } };
      }),
      run: reportedRun(common, { device, threads }),
    }),
  );
  add('metrics', 'metrics.json', (path) => writeFileAtomic(path, prettyJson(summary)));
  add('config', 'config.json', (path) =>
    writeFileAtomic(path, prettyJson({ audio: original.source, recording, training, models })),
  );
  const files = await folder.write(writers, names);
  const rows = models.map(({ model, ...rest }) => ({ kind: model, ...rest }));
  return {
    json: { ...summary, files },
    text: `${comparisonText(rows)}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
