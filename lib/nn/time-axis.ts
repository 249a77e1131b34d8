import { optionsObject } from '../native/option-fields.js';
import { parseOptions } from '../native/options.js';
import { type Device, ops, scope, type Tensor } from '../tensor/index.js';
import { commonFields } from './option-schemas.js';

/** Where the times go. */
export interface TimeAxisOptions {
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. */
  device?: Device;
}

const axisSchema = optionsObject({ dtype: commonFields.dtype, device: commonFields.device });

/**
 * The times of the samples of a recording as networks take them: t_i = -1 + 2i / (samples - 1), the
 * axis that `fit` uses, to the bit.
 *
 * @param samples 1 or more; one sample is at -1
 * @returns [samples, 1]
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function timeAxis(samples: number, options: TimeAxisOptions = {}): Tensor {
  const { dtype, device } = parseOptions(axisSchema, options, 'timeAxis options');
  return scope(() => ops.linspace(-1, 1, samples, { dtype, device }).unsqueeze(1));
}
