import {
  anySampleRateField,
  deviceField,
  dtypeField,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
} from '../options.js';
import {
  type LearnedClip,
  placeRange,
  type RenderRange,
  type SamplePositions,
} from '../player/positions.js';
import { type Device, ops, scope, type Tensor } from '../tensor/index.js';

export type { LearnedClip, RenderRange };

const rangeSchema = optionsObject({
  from: nonNegativeNumber.optional(),
  to: positiveNumber.optional(),
  sampleRate: anySampleRateField.optional(),
});

/**
 * Places a range among the samples of the recording.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a bad number, a range outside the recording or without
 *   a sample, and where it is not known how long the recording is
 */
export function rangePositions(range: RenderRange, clip: LearnedClip | undefined): SamplePositions {
  return placeRange(parseOptions(rangeSchema, range, 'render range'), clip);
}

/** Where the times go. */
export interface TimeAxisOptions {
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. */
  device?: Device;
}

const axisSchema = optionsObject({
  dtype: dtypeField.default('float32'),
  device: deviceField.default('cpu'),
});

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
