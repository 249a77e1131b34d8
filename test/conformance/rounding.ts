import { ops, type Tensor } from '../../lib/tensor/index.js';
import { type Comparison, compare, distance, passes } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult, NamedValues } from './result.js';
import { type RealDType, ruleOf } from './tolerance.js';

/** Makes of the parameters of a golden file those that a case is evaluated with. */
export type Change = (values: Tensor) => Tensor;

/**
 * Every number moved by half a unit of its last float32 place, up or down: what storing it may have
 * done. In turn for the first pattern, by chance for the others.
 */
function moveByHalfUnit(pattern: number): Change {
  return (values) => {
    const places = ops.arange(0, values.size, { dtype: 'float64', device: values.device });
    const signs =
      pattern === 0
        ? places.remainder(2).mul(2).sub(1)
        : ops.sign(
            places
              .add(0.5)
              .mul(12.9898 + 78.233 * pattern)
              .sin(),
          );
    const factors = signs.mul(2 ** -24).add(1);
    return ops.mul(values, factors.reshape([...values.shape]));
  };
}

/** A single pattern may happen to cancel. */
const PATTERNS = [0, 1, 2];

/** @throws Error where there are no values of that name */
function need(values: NamedValues, name: string): ArrayLike<number> {
  const found = values.get(name);
  if (found === undefined) throw new Error(`nothing of ours answers to the golden "${name}"`);
  return found;
}

/**
 * Compares what `evaluate` gives with the tensors of a golden file, and float32 tensors also with
 * what it gives in float64: one that is not within the rule passes where rounding explains it
 * (isRounding).
 */
export async function judge(found: {
  readonly golden: GoldenFile;
  readonly dtype: RealDType;
  readonly kind?: 'value' | 'trajectory';
  /** Whether a tensor of the file is a result. */
  readonly isResult: (name: string) => boolean;
  readonly evaluate: (dtype: RealDType, change: Change) => NamedValues | Promise<NamedValues>;
}): Promise<CheckResult> {
  const { golden, dtype, kind, isResult, evaluate } = found;
  const same: Change = (values) => values;
  const ours = await evaluate(dtype, same);
  const tolerance = ruleOf(golden, dtype, kind);
  const recorded = [...golden.tensors].flatMap(([name, tensor]) =>
    isResult(name) ? [[name, numbers(tensor)] as const] : [],
  );
  const comparisons = recorded.map(([name, values]) =>
    compare(name, need(ours, name), values, tolerance),
  );
  const isWanted = golden.evidence === 'always' || !comparisons.every(passes);
  if (dtype === 'float64' || !isWanted) return { comparisons };

  const exact = await evaluate('float64', same);
  const moved: NamedValues[] = [];
  for (const pattern of PATTERNS) moved.push(await evaluate('float64', moveByHalfUnit(pattern)));
  const weighed = comparisons.map((comparison, i): Comparison => {
    const [name, values] = recorded[i] as (typeof recorded)[number];
    const reference = need(exact, name);
    const fromExact = (others: ArrayLike<number>) => distance(others, reference).relative;
    const rounding = Math.max(...moved.map((others) => fromExact(need(others, name))));
    const float64 = { golden: fromExact(values), ours: fromExact(need(ours, name)), rounding };
    return { ...comparison, float64 };
  });
  return { comparisons: weighed };
}
