import { flag, optionsObject, positiveNumber } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { baselineLayers, commonFields, layerWidths } from './option-schemas.js';

/** Options of {@link Siren}. */
export interface SirenOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first layer, above 0. Default 2000 (HyperSound, Szatkowski et al. 2023). */
  omega0?: number;
  /** ω of the later layers, above 0. Default 30 (Sitzmann et al. 2020). */
  omega?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
  /**
   * Divide the initial weights of the later layers by ω_0, which keeps the first gradients small.
   * Default true, as the paper's authors train it.
   */
  gradientFix?: boolean;
}

const schema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(2000),
  omega: positiveNumber.default(30),
  learnableOmega: flag.default(false),
  gradientFix: flag.default(true),
  ...commonFields,
});

/**
 * Sinusoidal layers sin(W(ω x) + b), ω on the input of every layer, the last, linear one included
 * (Sitzmann et al. 2020, with the frequencies of paper 1). The default has 31,191 parameters.
 *
 * Parameters: `layers.i.weight` [out, in], `layers.i.bias` [out]; `layers.i.omega` [1] is a buffer,
 * or a parameter when learnable. Takes weights per sample of a batch.
 */
export class Siren extends Inr<SirenOptions> {
  override readonly kind = 'siren';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: SirenOptions = {}) {
    super('siren', schema, options);
  }
}
