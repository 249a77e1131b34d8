import { type Command, Option } from 'commander';
import { cumulativeResponses, waveformFilters } from '../../../analysis/index.js';
import { type CrossValidation, crossValidateSvm } from '../../../analysis/svm/index.js';
import { type DigitTask, digitTasks } from '../../../data/classes/labelled-files.js';
import {
  type ClassSource,
  LabelledClips,
  type LabelledFiles,
  listClasses,
  takeOfEachClass,
} from '../../../data/index.js';
import { FewSoundError } from '../../../errors.js';
import { formatCount } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import {
  type CommandContext,
  type CommandResult,
  type Execute,
  UsageError,
} from '../../command.js';
import { integerFrom, positive } from '../../flags/parsers.js';
import { warnOfLeftOut } from '../../terminal/left-out.js';
import { showProgress } from '../../terminal/progress.js';
import { confusionTable } from '../train-classifier.js';
import {
  addWaveformFlags,
  hearingLayers,
  hearingRate,
  MODEL_ARGUMENT,
  ofModel,
  readAnalyzedModel,
  type WaveformFlags,
} from './model.js';

/** How well classes can be told apart by a model's responses. */
export interface ClassifyRequest extends WaveformFlags {
  readonly model: string;
  readonly folder: string;
  /** A protocol file of ASVspoof 2019. */
  readonly protocol?: string;
  /** Systems whose spoofs are taken. */
  readonly attacks?: readonly string[];
  /** The folder holds spoken digits, in classes by this. */
  readonly digits?: DigitTask;
  /** Recordings of a class at most. */
  readonly limit?: number;
  readonly samples: number;
  readonly stride: number;
  readonly bins: number;
  readonly range: number;
  readonly folds: number;
  readonly degree: number;
  readonly cost: number;
  readonly seed: number;
  /** Threads that learn folds. */
  readonly workers?: number;
}

/** `fewsound analyze classify`: declares it; the work is loaded when it is called. */
export function addAnalyzeClassify(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('classify')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<folder>', 'recordings, with a sub-folder for each class')
    .summary('how well classes are told apart by the responses of the first layer')
    .description(
      'Cumulative response spectra (CRS) of all recordings as features of a support vector machine with a polynomial kernel, cross-validated: accuracy, and of two classes the equal error rate too, each with its deviation over the folds.',
    )
    .option('--protocol <file>', 'the folder holds ASVspoof 2019, listed by this protocol file')
    .option('--attacks <system...>', 'with --protocol: spoofs of these systems only, such as A07')
    .addOption(
      new Option(
        '--digits <task>',
        'the folder holds spoken digits DIGIT_SPEAKER_INDEX.wav, in classes by this',
      ).choices(digitTasks),
    )
    .option('--limit <count>', 'recordings of a class at most, chosen by --seed', integerFrom(1));
  addWaveformFlags(command)
    .option(
      '--samples <count>',
      'cut recordings to so many samples, or put zeros behind them',
      integerFrom(1),
      16_000,
    )
    .option('--stride <samples>', 'between two responses', integerFrom(1), 10)
    .option('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512)
    .option('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1)
    .option('--folds <count>', 'parts of the cross-validation', integerFrom(2), 5)
    .option('--degree <number>', 'of the polynomial kernel', integerFrom(1), 3)
    .option('--cost <number>', 'C, what a recording on the wrong side costs', positive(), 1)
    .option('--seed <number>', 'of the folds', integerFrom(0), 0)
    .option(
      '--workers <n>',
      'threads for the folds; default: one for each processor',
      integerFrom(0),
    )
    .option('-q, --quiet', 'no progress on standard error');
  command.action((model: string, folder: string) =>
    execute(command, async (context) => {
      const flags = command.opts<Omit<ClassifyRequest, 'model' | 'folder'>>();
      if (flags.protocol === undefined && flags.attacks !== undefined) {
        throw new UsageError('--attacks are those of a protocol: give --protocol FILE.');
      }
      if (flags.protocol !== undefined && flags.digits !== undefined) {
        throw new UsageError('--digits and --protocol exclude each other.');
      }
      return analyzeClassify({ ...flags, model, folder }, context);
    }),
  );
}

/** Recordings whose responses are computed at once. */
const AT_ONCE = 64;

/** A support vector machine on cumulative response spectra: `fewsound analyze classify`. */
export async function analyzeClassify(
  request: ClassifyRequest,
  context: CommandContext,
): Promise<CommandResult> {
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const layers = hearingLayers(model, request.layer);
    const { sampleRate } = hearingRate(model, request.sampleRate);
    const { banks } = ofModel(model.name, () =>
      waveformFilters(model.state, { layer: layers, stride: request.stride, sampleRate }),
    );
    const { leftOut, ...all } = await listClasses(sourceOf(request));
    warnOfLeftOut(leftOut, context);
    const listed = takeOfEachClass(all, request);
    const labels = listed.files.map(({ label }) => label);
    const found = await withDisplay(context, async (show) => {
      const features = await responsesOf(listed, banks, sampleRate, request, context, show);
      const { folds, degree, cost, seed, workers } = request;
      show('folds', 0, folds);
      return crossValidateSvm(features, labels, listed.labels, {
        ...{ folds, degree, cost, seed, ...(workers !== undefined && { workers }) },
        onProgress: (done) => show('folds', done, folds),
        signal: context.signal,
      });
    });
    const counts = listed.labels.map((_, label) => labels.filter((each) => each === label).length);
    return {
      json: { ...jsonOf(request, layers, sampleRate, listed, counts, found), leftOut },
      text: describe(request, layers, listed, counts, found),
    };
  });
}

function sourceOf({ folder, protocol, attacks, digits }: ClassifyRequest): ClassSource {
  if (digits !== undefined) return { kind: 'spoken-digits', folder, task: digits };
  if (protocol === undefined) return { kind: 'folders', folder };
  return { kind: 'asvspoof', folder, protocol, ...(attacks !== undefined && { attacks }) };
}

/** Says what is done, and how much of it. */
type Show = (what: string, done: number, total: number) => void;

async function withDisplay<T>(
  context: CommandContext,
  work: (show: Show) => Promise<T>,
): Promise<T> {
  const display = await showProgress<{ done: number; total: number; what: string }>(context, '', {
    position: (place) => place,
    describe: ({ what, done, total }) => `${what} ${done}/${total}`,
  });
  try {
    return await work((what, done, total) => display.update({ what, done, total }));
  } finally {
    display.stop();
  }
}

/** CRS of each recording. */
async function responsesOf(
  listed: LabelledFiles,
  banks: Parameters<typeof cumulativeResponses>[0],
  sampleRate: number,
  { samples, bins, range }: ClassifyRequest,
  { signal }: CommandContext,
  show: Show,
): Promise<(Float32Array | Float64Array)[]> {
  const clips = await LabelledClips.load(listed, {
    ...{ samples, sampleRate, place: 'start', normalize: false },
    signal,
    onProgress: (done, total) => show('reading recordings', done, total),
  });
  const features: (Float32Array | Float64Array)[] = [];
  while (features.length < clips.length) {
    if (signal.aborted) {
      throw new FewSoundError('ABORTED', 'the analysis was aborted.', { cause: signal.reason });
    }
    const count = Math.min(AT_ONCE, clips.length - features.length);
    const batch = Array.from({ length: count }, (_, i) => clips.clip(features.length + i));
    features.push(...cumulativeResponses(banks, batch, { bins, range }).crs);
    show('responses', features.length, clips.length);
    await new Promise(setImmediate);
  }
  return features;
}

function jsonOf(
  {
    model,
    folder,
    protocol,
    samples,
    stride,
    bins,
    range,
    folds,
    degree,
    cost,
    seed,
  }: ClassifyRequest,
  layers: readonly string[],
  sampleRate: number,
  { labels, files }: LabelledFiles,
  counts: readonly number[],
  { accuracy, eer, confusion, predicted, fold }: CrossValidation,
): object {
  return {
    ...{ model, folder, ...(protocol !== undefined && { protocol }), layers, sampleRate },
    ...{ samples, stride, bins, range, folds, degree, cost, seed },
    classes: labels.map((label, i) => ({ label, recordings: counts[i] })),
    ...{ accuracy, eer },
    confusion: { labels, counts: confusion },
    recordings: files.map(({ name, label }, i) => ({
      file: name,
      class: labels[label],
      takenFor: labels[predicted[i] as number],
      fold: fold[i],
    })),
  };
}

function describe(
  { folds, degree }: ClassifyRequest,
  layers: readonly string[],
  { labels }: LabelledFiles,
  counts: readonly number[],
  { accuracy, eer, confusion }: CrossValidation,
): string {
  const of = ({ mean, deviation }: { mean: number; deviation: number }) =>
    `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  return [
    confusionTable({ labels, counts: confusion }),
    '',
    `accuracy ${of(accuracy)}${eer === null ? '' : `, equal error rate ${of(eer)}`}, over ${folds} folds`,
    `Support vector machine with a polynomial kernel of degree ${degree} on the cumulative responses of ${layers.join(', ')} to ${formatCount(counts.reduce((sum, count) => sum + count, 0))} recordings.`,
  ].join('\n');
}
