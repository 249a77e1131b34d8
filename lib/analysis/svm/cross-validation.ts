import { availableParallelism } from 'node:os';
import { stratifiedFolds } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import {
  abortSignal,
  callback,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../../options.js';
import { runTasks } from '../../workers/worker-pool.js';
import { hasWorkerProgram, workerProgram } from '../../workers/worker-program.js';
import { equalErrorRate } from './equal-error-rate.js';
import { type FoldedFeatures, type JudgedFold, judgeFold } from './judge-fold.js';
import type { Features, PolynomialSvmOptions } from './polynomial-svm.js';

const PROGRAM = 'analysis/svm/svm-worker.js';

/** Options of {@link crossValidateSvm}. */
export interface CrossValidationOptions {
  /** Parts, each of which is judged once by a machine that learned from the others, 2 or more. Default 5. */
  folds?: number;
  /** Seed of the parts. Default 0. */
  seed?: number;
  /** Degree of the polynomial kernel. Default 3 (paper 2, section 3.2). */
  degree?: number;
  /** γ of the kernel. Default one over the number of features, which are standardised. */
  gamma?: number;
  /** c₀ of the kernel. Default 0. */
  coef0?: number;
  /** C. Default 1. */
  cost?: number;
  /**
   * Threads that learn folds side by side, 0 to 256; 0: the calling one. Default: as many as the machine has processors, no more
   * than folds. The result is the same.
   */
  workers?: number;
  /** Told how many folds are done, of how many. An error that it throws ends the cross-validation. */
  onProgress?: (done: number, folds: number) => void;
  /** Stops at once; with `workers: 0` between folds. */
  signal?: AbortSignal;
}

/** A number over the folds. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation over the folds, by their number (n, not n - 1). */
  readonly deviation: number;
  readonly folds: readonly number[];
}

/** How well classes can be told apart by features. */
export interface CrossValidation {
  /** Part of the recordings that were taken for what they are. */
  readonly accuracy: Spread;
  /** Equal error rate, of two classes only; else null. */
  readonly eer: Spread | null;
  /** [true class][class that it was taken for], over all folds. */
  readonly confusion: readonly (readonly number[])[];
  /** The class that each recording was taken for when it was judged. */
  readonly predicted: readonly number[];
  /** The fold that each recording was judged in. */
  readonly fold: readonly number[];
}

const schema = optionsObject({
  folds: wholeNumber(2, 1000).default(5),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  degree: wholeNumber(1, 20).default(3),
  gamma: positiveNumber.optional(),
  coef0: nonNegativeNumber.default(0),
  cost: positiveNumber.default(1),
  workers: wholeNumber(0, 256).optional(),
  onProgress: callback<(done: number, folds: number) => void>().optional(),
  signal: abortSignal.optional(),
});

/**
 * How well a support vector machine with a polynomial kernel tells classes apart by features (paper 2, section 3.2 and
 * Table 1), by a stratified cross-validation. Features are standardised by mean and deviation of the training folds. Folds are
 * learned on threads of their own.
 *
 * @param features a row of finite numbers for each recording, all of one length
 * @param labels the class of each row, numbers from 0
 * @param names of the classes, two or more
 * @throws FewSoundError INVALID_ARGUMENT for bad options, fewer than two classes, a class with fewer recordings than folds,
 *   or numbers that are not finite; SHAPE_MISMATCH for rows of unequal length; WORKER where a thread ended by
 *   itself, as for want of memory; ABORTED by the signal
 */
export async function crossValidateSvm(
  features: Features,
  labels: readonly number[],
  names: readonly string[],
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  const { folds, seed, ...rest } = parseOptions(schema, options, 'crossValidateSvm options');
  requireFeatures(features, labels, names);
  return judgeFolds({
    ...rest,
    features,
    labels,
    classes: names.length,
    fold: stratifiedFolds(labels, names, folds, seed),
    folds,
  });
}

/** What is judged, all checked. */
interface Judgement extends PolynomialSvmOptions {
  readonly features: Features;
  readonly labels: readonly number[];
  readonly classes: number;
  /** The fold of each row. */
  readonly fold: readonly number[];
  readonly folds: number;
  readonly workers?: number | undefined;
  readonly onProgress?: ((done: number, folds: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Judges each fold by a machine that learned from the others.
 *
 * @internal
 */
export async function judgeFolds({
  features,
  labels,
  classes,
  fold,
  folds,
  workers = availableParallelism(),
  onProgress,
  signal,
  ...machine
}: Judgement): Promise<CrossValidation> {
  const judged = new Array<JudgedFold>(folds);
  let done = 0;
  const data: FoldedFeatures = { ...inSharedMemory(features), labels, classes, fold, machine };
  const held = Array.from({ length: folds }, (_, number) => number);
  const take = (found: JudgedFold, number: number) => {
    judged[number] = found;
    onProgress?.(++done, folds);
  };
  if (workers > 0 && hasWorkerProgram(PROGRAM)) {
    await runTasks<number, JudgedFold>({
      program: workerProgram(PROGRAM),
      data,
      tasks: held,
      workers,
      onResult: take,
      describe: (number) => `learned fold ${number + 1} of ${folds}`,
      signal,
    }).catch((error) => {
      throwIfAborted(signal);
      throw error;
    });
  } else {
    for (const number of held) {
      // What else is to be done gets its turn between two folds.
      await new Promise(setImmediate);
      throwIfAborted(signal);
      take(await judgeFold(data, number), number);
    }
  }
  return summed(judged, { labels, classes, fold });
}

/** @throws FewSoundError ABORTED */
function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new FewSoundError('ABORTED', 'the cross-validation was aborted.', { cause: signal.reason });
}

/** Rows side by side, where all threads see them. */
function inSharedMemory(rows: Features): Pick<FoldedFeatures, 'features' | 'width'> {
  const width = rows[0]?.length ?? 0;
  const bytes = rows.length * width * Float64Array.BYTES_PER_ELEMENT;
  const features = new Float64Array(new SharedArrayBuffer(bytes));
  for (const [i, row] of rows.entries()) features.set(row, i * width);
  return { features, width };
}

function summed(
  judged: readonly JudgedFold[],
  { labels, classes, fold }: Pick<FoldedFeatures, 'labels' | 'classes' | 'fold'>,
): CrossValidation {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const predicted = new Array<number>(labels.length).fill(0);
  const accuracies = judged.map(({ rows, predicted: taken }) => {
    let right = 0;
    for (const [place, i] of rows.entries()) {
      const [label, found] = [labels[i], taken[place]] as [number, number];
      predicted[i] = found;
      (confusion[label] as number[])[found] = ((confusion[label] as number[])[found] as number) + 1;
      if (found === label) right += 1;
    }
    return right / rows.length;
  });
  const eer = () =>
    judged.map(({ rows, scores }) =>
      equalErrorRate(
        scores,
        rows.map((i) => labels[i] === 1),
      ),
    );
  return {
    accuracy: spreadOf(accuracies),
    eer: classes === 2 ? spreadOf(eer()) : null,
    confusion,
    predicted,
    fold,
  };
}

function spreadOf(folds: readonly number[]): Spread {
  const mean = folds.reduce((sum, value) => sum + value, 0) / folds.length;
  const squares = folds.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / folds.length), folds };
}

function requireFeatures(
  features: Features,
  labels: readonly number[],
  names: readonly string[],
): void {
  if (names.length < 2) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `crossValidateSvm: there is ${names.length} class; telling classes apart takes two or more.`,
      { field: 'names' },
    );
  }
  const unknown = labels.find((label) => !Number.isInteger(label) || names[label] === undefined);
  if (features.length !== labels.length || unknown !== undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      unknown === undefined
        ? `crossValidateSvm: there are ${features.length} rows of features and ${labels.length} labels; expected one for each.`
        : `crossValidateSvm: a label is ${unknown}; expected whole numbers from 0 to ${names.length - 1}.`,
      { field: 'labels' },
    );
  }
  const width = features[0]?.length ?? 0;
  for (const [i, row] of features.entries()) {
    if (row.length !== width || width === 0) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `crossValidateSvm: row ${i} has ${row.length} features and the first ${width}; expected as many in all, one or more.`,
        { field: 'features', shapes: [[row.length], [width]] },
      );
    }
    for (let j = 0; j < width; j++) {
      if (Number.isFinite(row[j])) continue;
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `crossValidateSvm: feature ${j} of row ${i} is ${row[j]}; expected finite numbers.`,
        { field: 'features' },
      );
    }
  }
}
