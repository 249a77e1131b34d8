import { z } from 'zod';
import { invalidArgument } from '../errors.js';
import { parseOptions } from '../options.js';
import { requireAudio, requireRate } from './checks.js';

/**
 * The low-pass filter that a change of sampling rate needs: a sinc under a Kaiser window.
 *
 * Positions are in input samples. The filter's transition band ends at the lower of the two Nyquist
 * frequencies, so what lies above that frequency is in the stopband: nothing audible folds back.
 */

/** How a quality shapes the filter, in fractions of the lower Nyquist frequency. */
interface SincQuality {
  /** Up to here the response is flat within 0.1 dB. */
  readonly passband: number;
  /** From the lower Nyquist frequency on, the response is below minus this many dB. */
  readonly stopbandDb: number;
}

/** A Kaiser-windowed sinc, ready to be sampled at any offset. */
interface SincKernel {
  /** Distance from the center, in input samples, beyond which the kernel is zero. */
  readonly halfWidth: number;
  /** Kernel at `offset` input samples from its center (up to a constant factor). */
  at(offset: number): number;
}

/**
 * Designs the kernel by Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing,
 * section 7.6).
 *
 * @param ratio lower rate divided by the input rate, in (0, 1]; 1 when the rate goes up
 */
function sincKernel(ratio: number, quality: SincQuality): SincKernel {
  const { passband, stopbandDb } = quality;
  const beta = 0.1102 * (stopbandDb - 8.7);
  const transition = (1 - passband) * Math.PI; // radians per sample of the lower rate
  const halfWidth = (stopbandDb - 7.95) / (2.285 * transition) / 2 / ratio;
  // The -6 dB point lies half way down the transition; radians per input sample.
  const angularCutoff = Math.PI * ((1 + passband) / 2) * ratio;
  const window = kaiserWindow(beta);
  return {
    halfWidth,
    at(offset) {
      const position = (offset < 0 ? -offset : offset) / halfWidth;
      if (position >= 1) return 0;
      const angle = angularCutoff * offset;
      return angle === 0 ? 1 : (window(position) * Math.sin(angle)) / angle;
    },
  };
}

const windowPoints = 2048;
const windowTables = new Map<number, Float64Array>();

/**
 * The Kaiser window at positions 0 (its center) to 1, from a table by cubic interpolation: the
 * Bessel function costs a microsecond, and rates without a common factor need it for each product.
 * The error is below 1e-10.
 */
function kaiserWindow(beta: number): (position: number) => number {
  let table = windowTables.get(beta);
  if (table === undefined) {
    const scale = 1 / besselI0Root(beta * beta);
    // One point before the center and two past the end, for the interpolation.
    table = Float64Array.from({ length: windowPoints + 4 }, (_, i) => {
      const position = (i - 1) / windowPoints;
      return besselI0Root(beta * beta * (1 - position * position)) * scale;
    });
    windowTables.set(beta, table);
  }
  const points = table;
  return (position) => {
    const at = position * windowPoints;
    const index = Math.floor(at);
    return lagrange(
      at - index,
      points[index] as number,
      points[index + 1] as number,
      points[index + 2] as number,
      points[index + 3] as number,
    );
  };
}

/** The cubic through values at -1, 0, 1, 2, taken at t in [0, 1]. */
function lagrange(t: number, a: number, b: number, c: number, d: number): number {
  const u = t + 1;
  const v = t - 1;
  const w = t - 2;
  return (-a * t * v * w) / 6 + (b * u * v * w) / 2 - (c * u * t * w) / 2 + (d * u * t * v) / 6;
}

/**
 * Modified Bessel function of the first kind, order zero, of the square root of the argument. A
 * power series in `square`, so it continues smoothly below zero, past the end of the window.
 */
function besselI0Root(square: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; Math.abs(term) > Math.abs(sum) * 1e-17; k++) {
    term *= square / (4 * k * k);
    sum += term;
  }
  return sum;
}

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
 * Kaiser-windowed sinc centered at its exact time `i / to` (a polyphase filter in exact rational
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
 * The filter taps of a phase, [2 * reach] for input samples whole - reach + 1 to whole + reach.
 * Each phase sums to one: without that the ripple of the stopband would modulate a constant.
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
    throw invalidArgument(
      'to',
      `cannot resample from ${from} Hz to ${to} Hz: the rates may differ by a factor of ${maxRatio} ` +
        'at most. Resample in two steps, or check that both rates are in Hz.',
    );
  }
}
