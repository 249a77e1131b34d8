import { z } from 'zod';
import { FewSoundError } from '../native/errors.js';
import { parseOptions } from '../native/options.js';
import { requireAudio, requireRate } from './checks.js';
import { type SincKernel, type SincQuality, sincKernel } from './sinc-kernel.js';

/**
 * What each quality level keeps and removes, as fractions of the lower of the two Nyquist
 * frequencies. Above that frequency every level is in its stopband: aliases and images stay below
 * `-stopbandDb`. The cost per output sample grows with `stopbandDb / (1 - passband)`.
 */
export const resampleQualities = {
  fast: { passband: 0.8, stopbandDb: 80 },
  high: { passband: 0.92, stopbandDb: 110 },
  best: { passband: 0.97, stopbandDb: 140 },
} as const satisfies Record<string, SincQuality>;

/** A level of {@link resampleQualities}. */
export type ResampleQuality = keyof typeof resampleQualities;

export interface ResampleOptions {
  /** How steep and how deep the low-pass filter is. Default `'high'`. */
  quality?: ResampleQuality;
}

const optionsSchema = z.strictObject({
  quality: z.enum(['fast', 'high', 'best']).default('high'),
});

/** Beyond this ratio the filter is longer than any recording that makes sense. */
const maxRatio = 1000;

/** Filter taps kept in one table (8 MiB); rarer, finer ratios compute theirs as they go. */
const maxTableTaps = 2 ** 20;

/**
 * Changes the sampling rate by band-limited interpolation: every output sample is the input under a
 * Kaiser-windowed sinc centred at its exact time `i / to` (a polyphase filter in exact rational
 * arithmetic, sums in float64). No delay: output sample 0 stands at input sample 0.
 *
 * With the default quality `'high'` the passband is flat within 0.1 dB up to 0.92 of the lower
 * Nyquist frequency, and aliases and images stay below -100 dB; see {@link resampleQualities}. A
 * constant stays that constant exactly, away from the ends. Outside the recording the signal is
 * taken as zero, so within one filter width of an end the filter sees silence, as it does in soxr
 * or librosa.
 *
 * @param samples [n] amplitudes at rate `from`
 * @param from rate of `samples`, whole Hz
 * @param to wanted rate, whole Hz
 * @returns [ceil(n * to / from)] amplitudes at rate `to`; always a new array
 * @throws FewSoundError AUDIO_EMPTY for no samples; INVALID_ARGUMENT for a NaN or infinite sample
 *   (its index is named), a rate that is not a positive whole number, or rates more than a factor
 *   1000 apart
 */
export function resample(
  samples: Float32Array,
  from: number,
  to: number,
  options: ResampleOptions = {},
): Float32Array {
  const { quality } = parseOptions(optionsSchema, options, 'resample options');
  requireAudio(samples, 'resample');
  requireRatio(from, to);
  return interpolate(samples, from, to, 0, resampledLength(samples.length, from, to), quality);
}

/** Number of samples that `length` samples at rate `from` become at rate `to`. */
export function resampledLength(length: number, from: number, to: number): number {
  const [up, down] = reducedRatio(from, to);
  return Math.ceil((length * up) / down);
}

/**
 * Output samples `start` to `start + count - 1` of {@link resample}, bit for bit, without the work
 * for the others: what a crop out of a long recording needs. The arguments are taken as checked.
 *
 * @internal
 */
export function interpolate(
  samples: Float32Array,
  from: number,
  to: number,
  start: number,
  count: number,
  quality: ResampleQuality = 'high',
): Float32Array {
  if (from === to) return samples.slice(start, start + count);
  const [up, down] = reducedRatio(from, to);
  const kernel = sincKernel(Math.min(1, up / down), resampleQualities[quality]);
  const reach = Math.ceil(kernel.halfWidth);
  const tapsOfPhase = tapSource(kernel, up, reach, count);

  const output = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    // Output i stands at input time (start + i) * down / up = whole + phase / up.
    const time = (start + i) * down;
    const whole = Math.floor(time / up);
    const phase = time - whole * up;
    const weights = tapsOfPhase(phase);
    output[i] = dot(weights, samples, whole - reach + 1);
  }
  return output;
}

/** Sum of weights[k] * samples[first + k], samples outside the array being zero. */
function dot(weights: Float64Array, samples: Float32Array, first: number): number {
  const begin = Math.max(0, -first);
  const end = Math.min(weights.length, samples.length - first);
  let sum = 0;
  for (let k = begin; k < end; k++) sum += (weights[k] as number) * (samples[first + k] as number);
  return sum;
}

/**
 * The filter taps of a phase, [2 * reach] for input samples whole - reach + 1 to whole + reach. Each
 * phase sums to one: without that the ripple of the stopband would modulate a constant.
 */
function tapSource(
  kernel: SincKernel,
  phases: number,
  reach: number,
  outputs: number,
): (phase: number) => Float64Array {
  const taps = 2 * reach;
  const fill = (phase: number, weights: Float64Array): Float64Array => {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = kernel.at(tap - reach + 1 - phase / phases);
      weights[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < taps; tap++) weights[tap] = (weights[tap] as number) / sum;
    return weights;
  };
  if (Math.min(phases, outputs) * taps > maxTableTaps) {
    const scratch = new Float64Array(taps);
    return (phase) => fill(phase, scratch);
  }
  const table = new Map<number, Float64Array>();
  return (phase) => {
    let weights = table.get(phase);
    if (weights === undefined) {
      weights = fill(phase, new Float64Array(taps));
      table.set(phase, weights);
    }
    return weights;
  };
}

function reducedRatio(from: number, to: number): [up: number, down: number] {
  let a = from;
  let b = to;
  while (b !== 0) [a, b] = [b, a % b];
  return [to / a, from / a];
}

function requireRatio(from: number, to: number): void {
  requireRate(from, 'from');
  requireRate(to, 'to');
  if (Math.max(from / to, to / from) > maxRatio) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `cannot resample from ${from} Hz to ${to} Hz: the rates may differ by a factor of ${maxRatio} ` +
        'at most. Resample in two steps, or check that both rates are in Hz.',
      { field: 'to' },
    );
  }
}
