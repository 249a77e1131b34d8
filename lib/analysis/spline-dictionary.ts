import { z } from 'zod';
import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { ops, scope, type Tensor } from '../tensor/index.js';
import { handleOf, wrapTensor } from '../tensor/tensor.js';

/** The grid of a layer of splines, as in `KAN`. */
export interface SplineGrid {
  /** Intervals G. */
  readonly grid: number;
  /** Order k, the degree of the splines. */
  readonly order: number;
  /** The range that the grid covers. Default [-1, 1]. */
  readonly gridRange?: readonly [number, number];
}

export interface SplineDictionaryOptions extends SplineGrid {
  /** Samples of a spline, evenly spaced. Default: one at each knot in the range, G + 1. */
  readonly points?: number;
}

const rangeError = 'Expected two finite numbers, the first below the second';
const finite = z.number({ error: rangeError });

const schema = optionsObject({
  grid: wholeNumber(1, 4096),
  order: wholeNumber(1, 16),
  gridRange: z
    .tuple([finite, finite], { error: rangeError })
    .refine(([lower, upper]) => lower < upper, { error: rangeError })
    .default([-1, 1]),
  points: wholeNumber(2, 2 ** 20).optional(),
});

/**
 * A layer of a KAN as a dictionary: the spline Σ c_i B_i(x) of every edge, sampled on the grid, is
 * an atom. The factor before a spline only scales the atom and has no effect; the activation added
 * to the spline is left out.
 *
 * @param coefficients [out, in, grid + order], `layers.i.coefficients` of a `KAN`
 * @returns [points, out · in] float64; edge (o, i) is column o · in + i
 * @throws FewSoundError SHAPE_MISMATCH where the coefficients do not fit the grid,
 *   INVALID_ARGUMENT
 */
export function splineDictionary(coefficients: Tensor, options: SplineDictionaryOptions): Tensor {
  const { grid, order, gridRange, points } = parseOptions(
    schema,
    options,
    'splineDictionary options',
  );
  const { shape } = coefficients;
  if (shape.length !== 3 || shape[2] !== grid + order || coefficients.size === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `splineDictionary: the coefficients have the shape [${shape.join(', ')}]; a grid of ${grid} and order ${order} has [out, in, ${grid + order}].`,
      { shapes: [[...shape]] },
    );
  }
  const [lower, upper] = gridRange;
  return scope(() => {
    const x = ops.linspace(lower, upper, points ?? grid + 1, { dtype: 'float64' });
    const bases = wrapTensor(
      addon().splineBases(handleOf(x), { intervals: grid, order, lower, upper }),
    ); // [points, grid + order]
    const edges = coefficients.detach().to({ dtype: 'float64', device: 'cpu' });
    return bases.matmul(edges.reshape([-1, grid + order]).transpose());
  });
}
