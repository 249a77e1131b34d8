import { flag, nonNegativeNumber, optionsObject, positiveNumber } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { baselineLayers, commonFields, layerWidths } from './option-schemas.js';

/** Options of {@link Wire}. */
export interface WireOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first wavelet layer, above 0. Default 10 (Saragadam et al. 2023). */
  omega0?: number;
  /** ω of the later wavelet layers, above 0. Default 10 (Saragadam et al. 2023). */
  omega?: number;
  /** s, the inverse width of the wavelets, 0 or more. Default 10 (Saragadam et al. 2023). */
  scale?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
}

const schema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(10),
  omega: positiveNumber.default(10),
  scale: nonNegativeNumber.default(10),
  learnableOmega: flag.default(false),
  ...commonFields,
});

/**
 * Complex Gabor wavelets exp(iωx - |s x|²) between linear layers, the first of them real and the
 * others complex; the amplitude is the real part (Saragadam et al. 2023). The default has 31,191
 * parameters, a complex weight counted once, as paper 1 does: 62,202 real numbers.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out], complex64 (complex128 in a
 * float64 network) from layer 1 on; `layers.i.omega` [1] is a buffer, or a parameter when learnable.
 */
export class Wire extends Inr<WireOptions> {
  override readonly kind = 'wire';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WireOptions = {}) {
    super('wire', schema, options);
  }
}
