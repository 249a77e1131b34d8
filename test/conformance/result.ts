import type { Comparison } from './comparison.js';
import type { GoldenFile } from './golden-file.js';

/**
 * What float64 says about a float32 case, each the largest relative error over its tensors. Where
 * `golden` and `rounding` are as large as the error itself, the error is rounding and nothing else.
 */
export interface Evidence {
  /** Between the golden tensors and our evaluation in float64. */
  readonly golden: number;
  /** Between our float32 evaluation and ours in float64. */
  readonly ours: number;
  /** Between two float64 evaluations, one with every parameter moved by half a float32 unit. */
  readonly rounding: number;
}

/** What a checker found in a file. */
export interface CheckResult {
  readonly comparisons: readonly Comparison[];
  readonly evidence?: Evidence;
}

/** Looks at one golden file. Tensors that it makes belong to the scope around. */
export type Checker = (golden: GoldenFile) => Promise<CheckResult>;

/** Values of tensors by their names in the golden file. */
export type NamedValues = ReadonlyMap<string, ArrayLike<number>>;
