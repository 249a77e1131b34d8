import { flag, optionsObject } from '../native/option-fields.js';
import { Inr, type InrOptions } from './inr.js';
import { baselineLayers, commonFields, encodingLength, layerWidths } from './option-schemas.js';

/** Options of {@link Nerf}. */
export interface NerfOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** Length L of the positional encoding, 1 to 64; 2L features. Default 12 (Table 1). */
  encoding?: number;
  /** Learn the frequencies of the encoding. Default false. */
  learnableEncoding?: boolean;
}

const schema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  encoding: encodingLength.default(12),
  learnableEncoding: flag.default(false),
  ...commonFields,
});

/**
 * Rectified linear layers on a positional encoding of time (Mildenhall et al. 2020, as paper 1 uses
 * it). The default has 33,261 parameters.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out]; `encoding.frequencies`
 * [encoding] is a buffer, or a parameter when learnable. Takes weights per sample of a batch.
 */
export class Nerf extends Inr<NerfOptions> {
  override readonly kind = 'nerf';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: NerfOptions = {}) {
    super('nerf', schema, options);
  }
}
