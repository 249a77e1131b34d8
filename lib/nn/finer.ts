import { flag, nonNegativeNumber, optionsObject, positiveNumber } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { baselineLayers, commonFields, layerWidths } from './option-schemas.js';

/** Options of {@link Finer}. */
export interface FinerOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first layer, above 0. Default 30 (Liu et al. 2024, "FINER"). */
  omega0?: number;
  /** ω of the later layers, above 0. Default 30 (Liu et al. 2024, "FINER"). */
  omega?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
  /** The first bias starts as U(-k, k): k, 0 or more. Default 5 (Liu et al. 2024, "FINER"). */
  biasScale?: number;
}

const schema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(30),
  omega: positiveNumber.default(30),
  learnableOmega: flag.default(false),
  biasScale: nonNegativeNumber.default(5),
  ...commonFields,
});

/**
 * SIREN with (|x| + 1)·x in place of every layer's input x; the factor counts as a constant in the
 * gradient, as in FINER's own program (Liu et al. 2024; paper 1 prints |x + 1|·x). The default has
 * 31,191 parameters.
 *
 * Parameters: `layers.i.weight` [out, in], `layers.i.bias` [out]; `layers.i.omega` [1] is a buffer,
 * or a parameter when learnable.
 */
export class Finer extends Inr<FinerOptions> {
  override readonly kind = 'finer';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: FinerOptions = {}) {
    super('finer', schema, options);
  }
}
