import { PolynomialSvm, type PolynomialSvmOptions, type SvmFeatures } from './polynomial-svm.js';

/** What all folds of a cross-validation share. */
export interface FoldData {
  /** [rows · width], row by row. */
  readonly features: Float64Array;
  readonly width: number;
  /** The class of each row. */
  readonly labels: readonly number[];
  readonly classes: number;
  /** The fold of each row. */
  readonly fold: readonly number[];
  readonly machine: PolynomialSvmOptions;
}

/** The predictions for the rows of a fold, by a machine trained on the others. */
export interface FoldResult {
  readonly rows: readonly number[];
  /** The predicted class of each row. */
  readonly predicted: readonly number[];
  /** For two classes: scores for the second; else empty. */
  readonly scores: readonly number[];
}

/** Predicts the rows of a fold by a machine trained on the others, all standardized. */
export async function evaluateFold(
  { features, width, labels, classes, fold, machine }: FoldData,
  held: number,
): Promise<FoldResult> {
  const row = (i: number) => features.subarray(i * width, (i + 1) * width);
  const trained = labels.flatMap((_, i) => (fold[i] === held ? [] : [i]));
  const rows = labels.flatMap((_, i) => (fold[i] === held ? [i] : []));
  const standardize = standardizer(trained.map(row));
  using svm = await PolynomialSvm.train(
    trained.map((i) => standardize(row(i))),
    trained.map((i) => labels[i] as number),
    machine,
  );
  const tests = rows.map((i) => standardize(row(i)));
  return {
    rows,
    predicted: tests.map((each) => svm.predict(each)),
    scores: classes === 2 ? tests.map((each) => svm.score(each)) : [],
  };
}

/** Standardizes to mean 0 and deviation 1 over the given rows; constant features become 0. */
function standardizer(rows: SvmFeatures): (row: ArrayLike<number>) => Float64Array {
  const width = (rows[0] as ArrayLike<number>).length;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (const row of rows) {
    for (let j = 0; j < width; j++)
      means[j] = (means[j] as number) + (row[j] as number) / rows.length;
  }
  for (const row of rows) {
    for (let j = 0; j < width; j++) {
      const difference = (row[j] as number) - (means[j] as number);
      deviations[j] = (deviations[j] as number) + (difference * difference) / rows.length;
    }
  }
  return (row) =>
    Float64Array.from({ length: width }, (_, j) => {
      const deviation = Math.sqrt(deviations[j] as number);
      return deviation === 0 ? 0 : ((row[j] as number) - (means[j] as number)) / deviation;
    });
}
