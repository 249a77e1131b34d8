import { optionsObject, positiveNumber, wholeNumber } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { baselineLayers, commonFields, layerWidths } from './option-schemas.js';

/** Options of {@link Rff}. */
export interface RffOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** Number of random frequencies, 1 to 65,536; twice as many features. Default 45 (Table 1). */
  frequencies?: number;
  /** Standard deviation σ of the frequencies, above 0. Default 10 (Tancik et al. 2020). */
  sigma?: number;
}

const schema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  frequencies: wholeNumber(1, 65_536).default(45),
  sigma: positiveNumber.default(10),
  ...commonFields,
});

/**
 * Rectified linear layers on random Fourier features [cos 2πBt, sin 2πBt], B ~ N(0, σ²) and fixed
 * (Tancik et al. 2020). The default has 39,201 parameters.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out]; `encoding.projection`
 * [frequencies, 1], B, is a buffer.
 */
export class Rff extends Inr<RffOptions> {
  override readonly kind = 'rff';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: RffOptions = {}) {
    super('rff', schema, options);
  }
}
