import { availableParallelism } from 'node:os';
import { stratifiedFolds } from '../../data/index.js';
import { FewSoundError, invalidArgument, throwIfAborted } from '../../errors.js';
import {
  abortSignal,
  callback,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../../options.js';
import { hasWorkerProgram, runTasks, workerProgram } from '../../workers/worker-pool.js';
import { equalErrorRate } from './equal-error-rate.js';
import { evaluateFold, type FoldData, type FoldResult } from './evaluate-fold.js';
import type { PolynomialSvmOptions, SvmFeatures } from './polynomial-svm.js';

const PROGRAM = 'analysis/svm/svm-worker.js';
const ABORTED = 'the cross-validation was aborted.';

/** Options of {@link crossValidateSvm}. */
export interface CrossValidationOptions {
  /** Folds, each evaluated once by a machine trained on the others, 2 or more. Default 5. */
  folds?: number;
  /** Seed of the folds. Default 0. */
  seed?: number;
  /** Degree of the polynomial kernel. Default 3 (paper 2, section 3.2). */
  degree?: number;
  /** γ of the kernel. Default: one over the number of features, which are standardized. */
  gamma?: number;
  /** c₀ of the kernel. Default 0. */
  coef0?: number;
  /** C. Default 1. */
  cost?: number;
  /**
   * Worker threads that train folds in parallel, 0 to 256; with 0 the calling thread works.
   * Default: one for each processor, at most one for each fold. The result is the same.
   */
  workers?: number;
  /** Called with the number of folds done and in all. If it throws, the cross-validation stops. */
  onProgress?: (done: number, folds: number) => void;
  /** Stops at once; with `workers: 0` between folds. */
  signal?: AbortSignal;
}

/** A number over the folds. */
export interface FoldSpread {
  readonly mean: number;
  /** Standard deviation over the folds (divided by n, not n - 1). */
  readonly deviation: number;
  readonly folds: readonly number[];
}

/** How well features tell classes apart. */
export interface CrossValidation {
  /** Fraction of the recordings classified correctly. */
  readonly accuracy: FoldSpread;
  /** Equal error rate for two classes, else null. */
  readonly eer: FoldSpread | null;
  /** [true class][predicted class], over all folds. */
  readonly confusion: readonly (readonly number[])[];
  /** The predicted class of each recording. */
  readonly predicted: readonly number[];
  /** The fold of each recording. */
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
 * How well a support vector machine with a polynomial kernel tells classes apart by features (paper
 * 2, section 3.2 and Table 1), by a stratified cross-validation. Features are standardized by mean
 * and deviation of the training folds. Folds are trained on worker threads.
 *
 * @param features a row of finite numbers for each recording, all of one length
 * @param labels the class of each row, numbers from 0
 * @param names of the classes, two or more
 * @throws FewSoundError INVALID_ARGUMENT for bad options, fewer than two classes, a class with
 *   fewer recordings than folds, or numbers that are not finite; SHAPE_MISMATCH for rows of unequal
 *   length; WORKER where a thread ended by itself, as for want of memory; ABORTED by the signal
 */
export async function crossValidateSvm(
  features: SvmFeatures,
  labels: readonly number[],
  names: readonly string[],
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  const { folds, seed, ...rest } = parseOptions(schema, options, 'crossValidateSvm options');
  requireFeatures(features, labels, names);
  return evaluateFolds({
    ...rest,
    features,
    labels,
    classes: names.length,
    fold: stratifiedFolds(labels, names, folds, seed),
    folds,
  });
}

/** The checked arguments. */
interface FoldsToEvaluate extends PolynomialSvmOptions {
  readonly features: SvmFeatures;
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
 * Evaluates each fold by a machine trained on the others.
 *
 * @internal
 */
export async function evaluateFolds({
  features,
  labels,
  classes,
  fold,
  folds,
  workers = availableParallelism(),
  onProgress,
  signal,
  ...machine
}: FoldsToEvaluate): Promise<CrossValidation> {
  const results = new Array<FoldResult>(folds);
  let done = 0;
  const data: FoldData = { ...inSharedMemory(features), labels, classes, fold, machine };
  const held = Array.from({ length: folds }, (_, number) => number);
  const take = (found: FoldResult, number: number) => {
    results[number] = found;
    onProgress?.(++done, folds);
  };
  if (workers > 0 && hasWorkerProgram(PROGRAM)) {
    await runTasks<number, FoldResult>({
      program: workerProgram(PROGRAM),
      data,
      tasks: held,
      workers,
      onResult: take,
      describe: (number) => `trained fold ${number + 1} of ${folds}`,
      signal,
    }).catch((error) => {
      throwIfAborted(signal, ABORTED);
      throw error;
    });
  } else {
    for (const number of held) {
      // Lets other work run between two folds.
      await new Promise(setImmediate);
      throwIfAborted(signal, ABORTED);
      take(await evaluateFold(data, number), number);
    }
  }
  return summarize(results, { labels, classes, fold });
}

/** Rows side by side in memory that all threads share. */
function inSharedMemory(rows: SvmFeatures): Pick<FoldData, 'features' | 'width'> {
  const width = rows[0]?.length ?? 0;
  const bytes = rows.length * width * Float64Array.BYTES_PER_ELEMENT;
  const features = new Float64Array(new SharedArrayBuffer(bytes));
  for (const [i, row] of rows.entries()) features.set(row, i * width);
  return { features, width };
}

function summarize(
  results: readonly FoldResult[],
  { labels, classes, fold }: Pick<FoldData, 'labels' | 'classes' | 'fold'>,
): CrossValidation {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const predicted = new Array<number>(labels.length).fill(0);
  const accuracies = results.map(({ rows, predicted: taken }) => {
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
    results.map(({ rows, scores }) =>
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

function spreadOf(folds: readonly number[]): FoldSpread {
  const mean = folds.reduce((sum, value) => sum + value, 0) / folds.length;
  const squares = folds.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / folds.length), folds };
}

function requireFeatures(
  features: SvmFeatures,
  labels: readonly number[],
  names: readonly string[],
): void {
  if (names.length < 2) {
    throw invalidArgument(
      'names',
      `crossValidateSvm: got ${names.length} class(es); expected two or more classes.`,
    );
  }
  const unknown = labels.find((label) => !Number.isInteger(label) || names[label] === undefined);
  if (features.length !== labels.length || unknown !== undefined) {
    throw invalidArgument(
      'labels',
      unknown === undefined
        ? `crossValidateSvm: got ${labels.length} labels for ${features.length} rows of features; expected one for each.`
        : `crossValidateSvm: a label is ${unknown}; expected whole numbers from 0 to ${names.length - 1}.`,
    );
  }
  const width = features[0]?.length ?? 0;
  for (const [i, row] of features.entries()) {
    if (row.length !== width || width === 0) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `crossValidateSvm: row ${i} has ${row.length} features, but row 0 has ${width}; expected the same number in each, one or more.`,
        { field: 'features', shapes: [[row.length], [width]] },
      );
    }
    for (let j = 0; j < width; j++) {
      if (Number.isFinite(row[j])) continue;
      throw invalidArgument(
        'features',
        `crossValidateSvm: feature ${j} of row ${i} is ${row[j]}; expected finite numbers.`,
      );
    }
  }
}
