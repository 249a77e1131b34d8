import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Clip, loadClip, writeWav } from '../../audio/index.js';
import { type LeftOut, listCorpus } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { type MetricStatistics, metricStatistics } from '../../metrics/statistics.js';
import { YARDSTICK } from '../../report/comparison-table.js';
import { writeComparisonReport } from '../../report/index.js';
import { deviationTable, type RunsTableOptions } from '../../report/tables.js';
import { formatCount, kindName } from '../../report/text-table.js';
import { type RecipeName, recipeFor, recipeNames } from '../../train/index.js';
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  isGiven,
  reworded,
  UsageError,
  type Values,
} from '../command.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from '../flags/networks.js';
import { argument, flag, namesOf, quietFlag } from '../flags/parsers.js';
import { recordingFlags } from '../flags/recording.js';
import {
  recipeSettings,
  type TrainingSettings,
  trainingFlags,
  trainingSettings,
} from '../flags/training.js';
import {
  checkFitting,
  type Fitted,
  fitNetwork,
  reportedModel,
  reportedRun,
  summarize,
} from '../runs/fitting.js';
import { type FileWriter, prettyJson, RunFolder } from '../runs/folder.js';
import { type ClipResult, UnfinishedComparison } from '../runs/unfinished-comparison.js';
import { measureYardstick, type Yardstick, yardstickJson } from '../runs/yardstick.js';
import { announce } from '../terminal/announce.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { comparisonText } from '../terminal/metrics.js';
import { watchFlags, withPage } from '../terminal/page.js';

const inputs = {
  audio: argument(
    '<audio>',
    'recording to learn: wav, flac, mp3, ogg or opus; or a folder of them',
  ),
  models: flag('--models <names>', 'the networks, separated by commas', namesOf(KINDS), [...KINDS]),
  recipes: flag(
    '--recipes <names>',
    `how the KAN is fitted, a row for each: names out of ${recipeNames.join(', ')}, separated by commas; without --models of the KAN alone; default: paper`,
    namesOf(recipeNames),
  ),
  out: flag('--out <folder>', 'folder for the results; default: fewsound-out/NAME-comparison'),
  resume: flag('--resume', 'resume the interrupted comparison of a folder, with the same options'),
  quiet: quietFlag,
  ...watchFlags,
  ...recordingFlags,
  ...trainingFlags,
};

type Given = Values<typeof inputs>;

export const compare = defineCommand({
  description:
    'Fits each network to the recording with the same steps and seed, prints one table of metrics and writes one report with the spectrograms side by side. With --recipes it compares ways to fit a KAN, each with the steps of its own unless --steps is given. Given a folder, it fits every recording in it and below it, and the table has means and standard deviations. The last row, MDCT, is no network: it is what as many numbers hold without learning.',
  examples: [
    'fewsound compare speech.flac --models kan,siren,nerf --steps 500',
    'fewsound compare clips --sample-rate 22050 --steps 10000 --out table1',
  ],
  inputs,
  addFlags: addModelFlags,
  async run(given, context, command) {
    const { audio, resume = false } = given;
    const { samples, sampleRate, offset, channel } = given;
    const comparison: Comparison = {
      audio,
      contenders: contendersOf(given, command),
      recording: { samples, sampleRate, offset, channel },
      training: trainingSettings(given),
      out: given.out ?? join('fewsound-out', `${nameOf(audio)}-comparison`),
    };
    if (isFolder(audio)) {
      if (given.watch) throw new UsageError('--watch is for one recording, not for a folder.');
      return compareFolder(comparison, resume, context);
    }
    if (resume) {
      throw new UsageError(`--resume is for a folder of recordings; ${audio} is not a folder.`);
    }
    return withPage(given, audio, context, (watched) => compareOne(comparison, watched));
  },
});

/** A row of the table: a network, and how it is fitted. */
interface Contender {
  /** In results and names of files: `kan`, or `kan-best` where recipes are compared. */
  readonly name: string;
  readonly label: string;
  readonly kind: Kind;
  /** Absent where recipes are not compared. */
  readonly recipe?: { readonly name: RecipeName; readonly version: number };
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly training: TrainingSettings;
}

/** What is compared, in the order of the table. */
function contendersOf(given: Given, command: Command): Contender[] {
  const { recipes, samples } = given;
  const kinds = recipes && !isGiven(command, 'models') ? (['kan'] as const) : given.models;
  if (recipes && !kinds.some((kind) => kind === 'kan')) {
    throw new UsageError(`--recipes are for a KAN, and --models has none.`);
  }
  return [...modelOptions(command, kinds)].flatMap(([kind, own]): Contender[] => {
    const plain = {
      ...{ name: kind, label: kindName(kind), kind, modelOptions: own },
      training: trainingSettings(given),
    };
    if (recipes === undefined || kind !== 'kan') return [plain];
    return recipes.map((name) => {
      const recipe = recipeFor(name, samples);
      return {
        ...{ name: `${kind}-${name}`, label: `${kindName(kind)} ${name}`, kind },
        recipe: { name, version: recipe.version },
        modelOptions: { ...recipe.network, ...own },
        training: recipeSettings(given, recipe, command),
      };
    });
  });
}

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const nameOf = (audio: string) =>
  isFolder(audio) ? basename(resolve(audio)) : basename(audio, extname(audio));

/** Several networks, and what they are to learn. */
interface Comparison {
  readonly audio: string;
  readonly contenders: readonly Contender[];
  readonly recording: {
    readonly samples: number;
    readonly sampleRate: number | undefined;
    readonly offset: number;
    readonly channel: number | 'mix';
  };
  /** What is given for all of them. */
  readonly training: TrainingSettings;
  readonly out: string;
}

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
async function compareFolder(
  comparison: Comparison,
  resume: boolean,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, contenders, recording, training } = comparison;
  const { train, validation, leftOut } = await listCorpus('folder', audio);
  warnOfLeftOut(leftOut, context);
  const recordings = [...train, ...validation].sort((a, b) => (a.name < b.name ? -1 : 1));
  const clipOf = (path: string) => loadClip(path, { ...recording, signal: context.signal });
  // All are checked first: a mistake in the last should not show after hours.
  for (const { path } of recordings) {
    const clip = await clipOf(path);
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
  try {
    for (const contender of contenders) {
      for (const [index, { path, name }] of recordings.entries()) {
        let result = unfinished.find(contender.name, name);
        if (result === undefined) {
          const label = `${labelOf(contender, contenders)}  ${index + 1}/${recordings.length}  `;
          result = await fitOne(contender, await clipOf(path), name, label, context);
          await unfinished.add(result);
        }
        results.push(result);
      }
    }
    const summaries = contenders.map((contender) =>
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
    const listed = { recordings: recordings.length, leftOut };
    const written = await writeTables(folder, comparison, listed, {
      ...{ results, summaries },
      yardstick: { numbers, metrics: statisticsOf(yardsticks), results: yardsticks },
    });
    await unfinished.remove();
    return written;
  } catch (error) {
    if (unfinished.count === 0) await folder.removeIfEmpty();
    throw afterFailure(error, unfinished.count);
  }
}

/** What progress begins with. */
function labelOf({ label }: Contender, contenders: readonly Contender[]): string {
  return label.padEnd(Math.max(...contenders.map((each) => each.label.length), 5));
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

interface FolderResults {
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
  { audio, contenders, recording, training }: Comparison,
  { recordings, leftOut }: { recordings: number; leftOut: readonly LeftOut[] },
  { results, summaries, yardstick }: FolderResults,
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
  const steps = [...new Set(summaries.map((each) => formatCount(each.steps)))];
  const extent = `Mean ± standard deviation over ${formatCount(recordings)} recordings of ${formatCount(recording.samples)} samples, ${steps.length === 1 ? `${steps[0]} steps each` : `${steps.join(', ')} steps`}. ${YARDSTICK}: as many numbers without a network.`;
  const summary = {
    ...{ recordings, leftOut, steps: training.steps, models: summaries },
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
    text: `${table('text')}\n* best; ↑ higher is better, ↓ lower is better\n\n${extent}\nResults in ${folder.path}; the table is ${files.table}`,
  };
}

/** Fits several networks to one recording and compares them. */
async function compareOne(comparison: Comparison, context: CommandContext): Promise<CommandResult> {
  const { audio, contenders, recording } = comparison;
  const clip = await loadClip(audio, { ...recording, signal: context.signal });
  // A mistake in the last network's options should not cost the training of the first.
  const fittings = contenders.map((each) => checkFitting({ ...each, clip, inPieces: false }));

  announce(
    context,
    `${resolve(comparison.out)}: report.html, and of each network a wav file and a model`,
    'what was fitted until then is not kept',
  );
  const fitted: Fitted[] = [];
  try {
    for (const [index, fitting] of fittings.entries()) {
      const label = `${labelOf(contenders[index] as Contender, contenders)}  `;
      fitted.push(await fitNetwork(fitting, context, { label }));
    }
    const numbers = Math.max(...fitted.map(({ network }) => network.parameterCount));
    const yardstick = await measureYardstick(clip, numbers);
    const folder = await RunFolder.open(comparison.out);
    return await writeComparison(folder, comparison, clip, fitted, yardstick);
  } finally {
    for (const { network } of fitted) network.dispose();
  }
}

async function writeComparison(
  folder: RunFolder,
  { audio, contenders, recording, training }: Comparison,
  clip: Clip,
  fitted: readonly Fitted[],
  yardstick: Yardstick,
): Promise<CommandResult> {
  const { sampleRate, samples } = clip;
  const models = fitted.map(({ fitting, network, pieces, metrics }, index) => {
    const { steps, loss, seconds, secondsPerStep } = summarize(pieces);
    const { name, recipe } = contenders[index] as Contender;
    return {
      model: name,
      ...(recipe && { recipe }),
      parameters: network.parameterCount,
      options: fitting.resolvedModel,
      learningRate: fitting.resolvedTraining.learningRate,
      ...{ steps, loss, metrics, seconds, secondsPerStep },
    };
  });
  const { device, threads } = summarize((fitted[0] as Fitted).pieces);
  const summary = { models, yardstick: yardstickJson(yardstick), device, threads };
  const original = { samples, sampleRate, source: resolve(audio) };
  // Rates are each network's own unless one was given.
  const { learningRate: _, ...common } = (fitted[0] as Fitted).fitting.resolvedTraining;

  // The role of each file, its name and what writes it.
  const outputs: [role: string, name: string, write: FileWriter][] = [
    ['original', 'original.wav', (path) => writeWav(path, clip, { bitDepth: 32 })],
    ...fitted.flatMap(({ network, reconstruction }, index): typeof outputs => {
      const { name } = contenders[index] as Contender;
      return [
        [
          `${name}Reconstruction`,
          `${name}.wav`,
          (path) => writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
        ],
        [`${name}Model`, `${name}.safetensors`, (path) => network.save(path)],
      ];
    }),
    [
      'report',
      'report.html',
      (path) =>
        writeComparisonReport(path, {
          original,
          models: fitted.map((each, index) => {
            const model = reportedModel(each);
            const { label } = contenders[index] as Contender;
            const { learningRate } = each.fitting.resolvedTraining;
            return { ...model, label, options: { ...model.options, learningRate } };
          }),
          yardstick,
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
  const rows = models.map((rest, index) => ({
    name: contenders[index]?.label as string,
    ...rest,
  }));
  const beside = { name: YARDSTICK, parameters: yardstick.numbers, metrics: yardstick.metrics };
  return {
    json: { ...summary, files },
    text: `${comparisonText(rows, beside)}\n\nResults in ${folder.path}; the report is ${files.report}`,
  };
}
