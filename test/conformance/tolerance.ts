import type { GoldenFile } from './golden-file.js';

export type RealDType = 'float32' | 'float64';

/** Values and gradients. */
const valueRule: Readonly<Record<RealDType, number>> = { float32: 1e-4, float64: 1e-9 };
/** Losses and parameters after some steps of training. */
const trajectoryRule: Readonly<Record<RealDType, number>> = { float32: 1e-3, float64: 1e-6 };

/** What the tensors of a golden file are held to: the file's own statement, or the rule. */
export function ruleOf(
  golden: GoldenFile,
  dtype: RealDType,
  kind: 'value' | 'trajectory' = 'value',
): number {
  const rule = kind === 'value' ? valueRule : trajectoryRule;
  return golden.setting<number>('tolerance') ?? rule[dtype];
}
