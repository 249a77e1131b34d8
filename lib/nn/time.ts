import { FewSoundError } from '../errors.js';
import {
  anySampleRateField,
  deviceField,
  dtypeField,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
} from '../options.js';
import { type Device, ops, scope, type Tensor } from '../tensor/index.js';

/** What a network has learned: its time axis spans `samples` samples at `sampleRate` Hz. */
export interface LearnedClip {
  readonly sampleRate: number;
  readonly samples: number;
}

/** A stretch of time to render, seconds from the beginning of the recording. */
export interface RenderRange {
  /** Where to start. Default 0. */
  from?: number;
  /** Where to end (that instant not included). Default: the end of the recording. */
  to?: number;
  /**
   * Samples per second, Hz; any rate, the network is continuous in time. Default: the recording's.
   */
  sampleRate?: number;
}

/** Where the samples to render lie: sample i at `first + i · step`, in samples of the recording. */
export interface SamplePositions {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

const rangeSchema = optionsObject({
  from: nonNegativeNumber.optional(),
  to: positiveNumber.optional(),
  sampleRate: anySampleRateField.optional(),
});

const mostSamples = 2 ** 31;

/**
 * Places a range among the samples of the recording.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a bad number, a range outside the recording or without
 *   a sample, and where it is not known how long the recording is
 */
export function rangePositions(range: RenderRange, clip: LearnedClip | undefined): SamplePositions {
  const given = parseOptions(rangeSchema, range, 'render range');
  if (clip === undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'the network has not learned a recording, so seconds have no meaning for it; fit it, set its ' +
        'clip, or render a number of samples.',
      { field: 'clip' },
    );
  }
  const duration = clip.samples / clip.sampleRate;
  const { from = 0, to = duration, sampleRate = clip.sampleRate } = given;
  // The end of a recording, printed and read again, may be off by a rounding.
  if (from >= to || to > duration * (1 + 1e-9)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `render range: from ${from} s to ${to} s; expected from below to, both within the recording's ` +
        `${duration} s.`,
      { field: from >= to ? 'from' : 'to' },
    );
  }
  const count = requireSampleCount(Math.round((to - from) * sampleRate));
  return { first: from * clip.sampleRate, step: clip.sampleRate / sampleRate, count };
}

/** @throws FewSoundError INVALID_ARGUMENT unless it is a whole number that an array can hold */
export function requireSampleCount(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= mostSamples) return count;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `render: ${count} samples; expected a whole number from 1 to ${mostSamples}.`,
    { field: 'samples' },
  );
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
