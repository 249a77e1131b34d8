import type { Comparison } from './comparison.js';
import type { GoldenFile } from './golden-file.js';

/** What a checker found in a file. */
export interface CheckResult {
  readonly comparisons: readonly Comparison[];
}

/** Looks at one golden file. Tensors that it makes belong to the scope around. */
export type Checker = (golden: GoldenFile) => Promise<CheckResult>;

/** Values of tensors by their names in the golden file. */
export type NamedValues = ReadonlyMap<string, ArrayLike<number>>;
