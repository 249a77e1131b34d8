import { z } from 'zod';
import { flag, nonNegativeNumber, optionsObject, wholeNumber } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { commonFields, encodingLength, layerWidths } from './option-schemas.js';

/** Options of {@link KAN}. */
export interface KanOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [48, 24, 12] (paper 1, section 4.3). */
  layers?: readonly number[];
  /** Length L of the positional encoding, 1 to 64; 2L features. Default 10 (Table 7; NeRF's encoding). */
  encoding?: number;
  /** Learn the frequencies of the encoding. Default false. */
  learnableEncoding?: boolean;
  /** Grid size G: intervals of each spline, 1 to 4096. Default 10 (Table 10). */
  grid?: number;
  /** Order k, the degree of the splines, 1 to 16. Default 3, the best of Table 9. */
  order?: number;
  /** What the grid covers before it is extended by k intervals at each end. Default [-1, 1]. */
  gridRange?: readonly [number, number];
  /** A learnable factor w_s before each spline (Table 17). Default true. */
  scaleSpline?: boolean;
  /**
   * The splines start as the fit to noise U(-1/2, 1/2)·initNoise/G. 0 or more; default 0.1 (Liu et
   * al. 2024, "KAN").
   */
  initNoise?: number;
}

const rangeError = 'Expected two finite numbers, the first below the second';
const finite = z.number({ error: rangeError });

const schema = optionsObject({
  layers: layerWidths.default([48, 24, 12]),
  encoding: encodingLength.default(10),
  learnableEncoding: flag.default(false),
  grid: wholeNumber(1, 4096).default(10),
  order: wholeNumber(1, 16).default(3),
  gridRange: z
    .tuple([finite, finite], { error: rangeError })
    .refine(([lower, upper]) => lower < upper, { error: rangeError })
    .default([-1, 1]),
  scaleSpline: flag.default(true),
  initNoise: nonNegativeNumber.default(0.1),
  ...commonFields,
});

/**
 * Kolmogorov-Arnold network on a positional encoding of time. Every edge has a function of its own,
 * φ(x) = w_b·SiLU(x) + w_s·Σ c_i B_i(x) with B-splines B_i on a uniform grid, summed over the inputs;
 * no biases (paper 1, section 2; Liu et al. 2024). The default has 36,180
 * parameters.
 *
 * Parameters: `layers.i.base` [out, in], `layers.i.coefficients` [out, in, grid + order] and, with
 * `scaleSpline`, `layers.i.scale` [out, in]; `encoding.frequencies` [encoding] is a buffer, or a
 * parameter when learnable. Takes weights per sample of a batch.
 */
export class KAN extends Inr<KanOptions> {
  override readonly kind = 'kan';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: KanOptions = {}) {
    super('kan', schema, options, ({ gridRange: [gridLower, gridUpper], ...rest }) => ({
      ...rest,
      gridLower,
      gridUpper,
    }));
  }
}
