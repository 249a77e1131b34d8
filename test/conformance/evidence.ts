import { ops, type Tensor } from '../../lib/tensor/index.js';
import { type Comparison, compare } from './comparison.js';
import type { Evidence, NamedValues } from './result.js';

/** The values with every number moved by half a unit of its last float32 place, up and down in turn. */
export function moveByHalfUnit(values: Tensor): Tensor {
  const signs = ops
    .arange(0, values.size, { dtype: 'float64', device: values.device })
    .remainder(2)
    .mul(2)
    .sub(1);
  return ops.mul(
    values,
    signs
      .reshape([...values.shape])
      .mul(2 ** -24)
      .add(1),
  );
}

/** Sets a float32 case against the same in float64. */
export function weighEvidence(found: {
  ours: NamedValues;
  exact: NamedValues;
  moved: NamedValues;
  against: (values: NamedValues) => readonly Comparison[];
}): Evidence {
  const { ours, exact, moved, against } = found;
  const worst = (comparisons: readonly Comparison[]) =>
    Math.max(...comparisons.map(({ relative }) => relative));
  const fromExact = (values: NamedValues) =>
    worst([...exact].map(([name, reference]) => compare(name, need(values, name), reference, 0)));
  return { golden: worst(against(exact)), ours: fromExact(ours), rounding: fromExact(moved) };
}

/** @throws Error where there are no values of that name */
export function need(values: NamedValues, name: string): ArrayLike<number> {
  const found = values.get(name);
  if (found === undefined) throw new Error(`nothing of ours answers to the golden "${name}"`);
  return found;
}
