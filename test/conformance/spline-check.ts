import { addon } from '../../lib/addon/addon.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { handleOf, wrapTensor } from '../../lib/tensor/tensor.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { type RealDType, ruleOf } from './tolerance.js';

/** Checks knots and B-spline bases: `gG_kK.x`, `.knots`, `.bases`. */
export async function checkSplines(golden: GoldenFile): Promise<CheckResult> {
  const comparisons = [...golden.tensors.keys()].flatMap((name) => {
    const [, grid, order] = /^g(\d+)_k(\d+)\.x$/.exec(name) ?? [];
    if (grid === undefined) return [];
    const place = `g${grid}_k${order}`;
    const x = golden.tensor(name);
    const dtype = x.dtype as RealDType;
    const spline = { intervals: Number(grid), order: Number(order), lower: -1, upper: 1 };
    const knots = wrapTensor(addon().splineKnots(spline, dtype));
    const bases = wrapTensor(addon().splineBases(handleOf(x), spline));
    const rule = ruleOf(golden, dtype);
    const check = (tensor: string, ours: Tensor) =>
      compare(tensor, numbers(ours), numbers(golden.tensor(tensor)), rule);
    return [check(`${place}.knots`, knots), check(`${place}.bases`, bases)];
  });
  return { comparisons };
}
