import { PolynomialSvm, type PolynomialSvmOptions, type SvmFeatures } from './polynomial-svm.js';

/** What the folds of a cross-validation have in common. */
export interface FoldedFeatures {
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

/** What a machine makes of the rows that it did not learn from. */
export interface JudgedFold {
  readonly rows: readonly number[];
  /** The class that each of them was taken for. */
  readonly predicted: readonly number[];
  /** Of two classes: how much each is of the second; else empty. */
  readonly scores: readonly number[];
}

/** Judges the rows of a fold by a machine that learned from the others, standardised by their mean and deviation. */
export async function judgeFold(
  { features, width, labels, classes, fold, machine }: FoldedFeatures,
  held: number,
): Promise<JudgedFold> {
  const row = (i: number) => features.subarray(i * width, (i + 1) * width);
  const learned = labels.flatMap((_, i) => (fold[i] === held ? [] : [i]));
  const rows = labels.flatMap((_, i) => (fold[i] === held ? [i] : []));
  const standardise = standardiser(learned.map(row));
  using svm = await PolynomialSvm.train(
    learned.map((i) => standardise(row(i))),
    learned.map((i) => labels[i] as number),
    machine,
  );
  const judged = rows.map((i) => standardise(row(i)));
  return {
    rows,
    predicted: judged.map((each) => svm.predict(each)),
    scores: classes === 2 ? judged.map((each) => svm.score(each)) : [],
  };
}

/** Mean 0 and deviation 1 over the given rows; a feature that is the same in all becomes 0. */
function standardiser(rows: SvmFeatures): (row: ArrayLike<number>) => Float64Array {
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
