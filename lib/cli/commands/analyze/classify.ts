import { cumulativeResponses } from '../../../analysis/index.js';
import { type CrossValidation, crossValidateSvm } from '../../../analysis/svm/cross-validation.js';
import { digitTasks } from '../../../data/classes/labeled-files.js';
import {
  type ClassSource,
  LabeledClips,
  type LabeledFiles,
  listClasses,
  stratifiedFolds,
  takeOfEachClass,
} from '../../../data/index.js';
import { throwIfAborted } from '../../../errors.js';
import { formatCount } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import { type CommandContext, defineCommand, UsageError, type Values } from '../../command.js';
import { argument, choice, flag, integerFrom, positive, quietFlag } from '../../flags/parsers.js';
import { warnOfLeftOut } from '../../terminal/left-out.js';
import { type ProgressFormat, withProgress } from '../../terminal/progress.js';
import { confusionTable } from '../train-classifier.js';
import {
  type AnalyzedFilters,
  filtersOf,
  MODEL_ARGUMENT,
  readAnalyzedModel,
  waveformFlags,
} from './model.js';

const inputs = {
  model: argument('<model>', MODEL_ARGUMENT),
  folder: argument('<folder>', 'recordings, with a sub-folder for each class'),
  protocol: flag(
    '--protocol <file>',
    'the folder holds ASVspoof 2019, listed by this protocol file',
  ),
  attacks: flag(
    '--attacks <system...>',
    'with --protocol: spoofs of these systems only, such as A07',
  ),
  digits: choice(
    '--digits <task>',
    'the folder holds spoken digits DIGIT_SPEAKER_INDEX.wav, in classes by this',
    digitTasks,
  ),
  limit: flag('--limit <count>', 'recordings of a class at most, chosen by --seed', integerFrom(1)),
  ...waveformFlags,
  samples: flag(
    '--samples <count>',
    'cut recordings to so many samples, or put zeros behind them',
    integerFrom(1),
    16_000,
  ),
  stride: flag('--stride <samples>', 'between two responses', integerFrom(1), 10),
  bins: flag('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512),
  range: flag('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1),
  folds: flag('--folds <count>', 'parts of the cross-validation', integerFrom(2), 5),
  degree: flag('--degree <number>', 'of the polynomial kernel', integerFrom(1), 3),
  cost: flag('--cost <number>', 'C, what a recording on the wrong side costs', positive(), 1),
  seed: flag('--seed <number>', 'of the folds', integerFrom(0), 0),
  workers: flag(
    '--workers <n>',
    'threads for the folds; default: one for each processor',
    integerFrom(0),
  ),
  quiet: quietFlag,
};

type Given = Values<typeof inputs>;

export const classify = defineCommand({
  description:
    'Cumulative response spectra (CRS) of all recordings as features of a support vector machine with a polynomial kernel, cross-validated: accuracy, and of two classes the equal error rate too, each with its deviation over the folds.',
  examples: [
    'fewsound analyze classify model.pth sounds --sample-rate 16000',
    'fewsound analyze classify model.pth sounds --sample-rate 16000 --json',
  ],
  inputs,
  async run(given, context) {
    if (given.protocol === undefined && given.attacks !== undefined) {
      throw new UsageError('--attacks needs a protocol: give --protocol FILE.');
    }
    if (given.protocol !== undefined && given.digits !== undefined) {
      throw new UsageError('--digits and --protocol exclude each other.');
    }
    return scope(async () => {
      const filters = filtersOf(await readAnalyzedModel(given.model), given);
      const { leftOut, ...all } = await listClasses(sourceOf(given));
      warnOfLeftOut(leftOut, context);
      const listed = takeOfEachClass(all, given);
      const labels = listed.files.map(({ label }) => label);
      // Too few recordings of a class should not show after all were read.
      stratifiedFolds(labels, listed.labels, given.folds, given.seed);
      const found = await withProgress(context, '', PROGRESS, async ({ update }) => {
        const features = await responsesOf(listed, filters, given, context, update);
        const { folds, degree, cost, seed, workers } = given;
        update({ what: 'folds', done: 0, total: folds });
        return crossValidateSvm(features, labels, listed.labels, {
          ...{ folds, degree, cost, seed, workers },
          onProgress: (done) => update({ what: 'folds', done, total: folds }),
          signal: context.signal,
        });
      });
      const counts = listed.labels.map(
        (_, label) => labels.filter((each) => each === label).length,
      );
      return {
        json: { ...jsonOf(given, filters, listed, counts, found), leftOut },
        text: describe(given, filters, listed, counts, found),
      };
    });
  },
});

/** Recordings whose responses are computed at once. */
const AT_ONCE = 64;

interface Place {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

const PROGRESS: ProgressFormat<Place> = {
  position: (place) => place,
  describe: ({ what, done, total }) => `${what} ${done}/${total}`,
};

function sourceOf({ folder, protocol, attacks, digits }: Given): ClassSource {
  if (digits !== undefined) return { kind: 'spoken-digits', folder, task: digits };
  if (protocol === undefined) return { kind: 'folders', folder };
  return { kind: 'asvspoof', folder, protocol, attacks };
}

/** CRS of each recording. */
async function responsesOf(
  listed: LabeledFiles,
  { banks, sampleRate }: AnalyzedFilters,
  { samples, bins, range }: Given,
  { signal }: CommandContext,
  update: (place: Place) => void,
): Promise<(Float32Array | Float64Array)[]> {
  const clips = await LabeledClips.load(listed, {
    ...{ samples, sampleRate, place: 'start', normalize: false },
    signal,
    onProgress: (done, total) => update({ what: 'reading recordings', done, total }),
  });
  const features: (Float32Array | Float64Array)[] = [];
  while (features.length < clips.length) {
    throwIfAborted(signal, 'the analysis was aborted.');
    const count = Math.min(AT_ONCE, clips.length - features.length);
    const batch = Array.from({ length: count }, (_, i) => clips.clip(features.length + i));
    features.push(...cumulativeResponses(banks, batch, { bins, range }).crs);
    update({ what: 'responses', done: features.length, total: clips.length });
    await new Promise(setImmediate);
  }
  return features;
}

function jsonOf(
  given: Given,
  { layers, sampleRate }: AnalyzedFilters,
  { labels, files }: LabeledFiles,
  counts: readonly number[],
  { accuracy, eer, confusion, predicted, fold }: CrossValidation,
): object {
  const { model, folder, protocol, samples, stride, bins, range } = given;
  const { folds, degree, cost, seed } = given;
  return {
    ...{ model, folder, protocol, layers, sampleRate },
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
  { folds, degree }: Given,
  { layers }: AnalyzedFilters,
  { labels }: LabeledFiles,
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
