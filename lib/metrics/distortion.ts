import { defineMetric } from './metric.js';
import { type Signal, signalPair } from './signal-pair.js';

/**
 * Keeps the ratios of {@link snr} and {@link siSnr} finite: float32's machine epsilon, as in the
 * torchmetrics package that the authors of the FewSound paper measured with.
 */
const epsilon = 2 ** -23;

/**
 * Mean squared error: mean of (reference - degraded)².
 *
 * @returns amplitude², 0 for equal signals
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples,
 *   INVALID_ARGUMENT for NaN or infinite samples or unequal rates of two clips
 */
export function mse(reference: Signal, degraded: Signal): number {
  const pair = signalPair(reference, degraded);
  return errorEnergy(pair.reference, pair.degraded) / pair.reference.length;
}

export const mseMetric = defineMetric({
  name: 'mse',
  title: 'MSE',
  better: 'lower',
  meaning: 'mean squared error of the samples',
  paperColumn: 1,
  inReports: { rank: 2, curve: 'log' },
  measure: mse,
});

/**
 * Mean absolute error: mean of |reference - degraded|. Errors as {@link mse}.
 *
 * @returns amplitude, 0 for equal signals
 */
export function mae(reference: Signal, degraded: Signal): number {
  const pair = signalPair(reference, degraded);
  let sum = 0;
  for (let i = 0; i < pair.reference.length; i++) {
    sum += Math.abs((pair.reference[i] as number) - (pair.degraded[i] as number));
  }
  return sum / pair.reference.length;
}

export const maeMetric = defineMetric({
  name: 'mae',
  title: 'MAE',
  better: 'lower',
  meaning: 'mean absolute error of the samples',
  leftOutOf: 'fits',
  measure: mae,
});

/**
 * Peak signal-to-noise ratio: 10 log10(range² / MSE), the range being max - min of this reference,
 * zero counted in. Errors as {@link mse}.
 *
 * @returns dB; null for a silent reference (no range) and for equal signals (unbounded)
 */
export function psnr(reference: Signal, degraded: Signal): number | null {
  const pair = signalPair(reference, degraded);
  let [low, high] = [0, 0];
  for (const value of pair.reference) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const error = errorEnergy(pair.reference, pair.degraded) / pair.reference.length;
  return high === low || error === 0 ? null : 10 * Math.log10((high - low) ** 2 / error);
}

export const psnrMetric = defineMetric({
  name: 'psnr',
  title: 'PSNR',
  unit: 'dB',
  better: 'higher',
  decimals: 2,
  meaning: 'squared range of the original over the squared error',
  undefinedWhen: 'the original is silent, or nothing differs',
  paperColumn: 2,
  inReports: { rank: 3, figure: true },
  measure: psnr,
});

/**
 * Signal-to-noise ratio: 10 log10(Σ reference² / Σ (reference - degraded)²), no mean removed,
 * float32 epsilon added above and below. Errors as {@link mse}.
 *
 * @returns dB; null for a silent reference. Equal signals reach the finite top that the epsilon
 *   sets.
 */
export function snr(reference: Signal, degraded: Signal): number | null {
  const pair = signalPair(reference, degraded);
  const signal = energy(pair.reference);
  return signal === 0 ? null : decibels(signal, errorEnergy(pair.reference, pair.degraded));
}

export const snrMetric = defineMetric({
  name: 'snr',
  title: 'SNR',
  unit: 'dB',
  better: 'higher',
  decimals: 2,
  meaning: 'energy of the original over the energy of the error',
  undefinedWhen: 'the original is silent',
  measure: snr,
});

/**
 * Scale-invariant signal-to-noise ratio (Le Roux et al. 2019): both signals lose their mean, the
 * degraded one is projected on the reference, and what is left counts as noise; float32 epsilon in
 * every ratio. Errors as {@link mse}.
 *
 * @returns dB; null when either signal is silent or constant, which leaves nothing to project.
 *   Equal signals reach the finite top that the epsilon sets.
 */
export function siSnr(reference: Signal, degraded: Signal): number | null {
  const pair = signalPair(reference, degraded);
  if (isConstant(pair.reference) || isConstant(pair.degraded)) return null;
  const target = withoutMean(pair.reference);
  const estimate = withoutMean(pair.degraded);
  let product = 0;
  for (let i = 0; i < target.length; i++)
    product += (target[i] as number) * (estimate[i] as number);
  const scale = (product + epsilon) / (energy(target) + epsilon);
  const projection = target.map((value) => value * scale);
  return decibels(energy(projection), errorEnergy(projection, estimate));
}

export const siSnrMetric = defineMetric({
  name: 'siSnr',
  title: 'SI-SNR',
  unit: 'dB',
  better: 'higher',
  decimals: 2,
  meaning: 'signal-to-noise ratio that ignores level and offset',
  undefinedWhen: 'one of the signals is silent or constant',
  paperColumn: 4,
  inReports: { rank: 1, figure: true, curve: 'linear' },
  measure: siSnr,
});

function decibels(signal: number, noise: number): number {
  return 10 * Math.log10((signal + epsilon) / (noise + epsilon));
}

type Samples = Float32Array | Float64Array;

function energy(samples: Samples): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return sum;
}

function errorEnergy(a: Samples, b: Samples): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

function isConstant(samples: Samples): boolean {
  const [first] = samples;
  return samples.every((value) => value === first);
}

function withoutMean(samples: Samples): Float64Array {
  let sum = 0;
  for (const value of samples) sum += value;
  const mean = sum / samples.length;
  return Float64Array.from(samples, (value) => value - mean);
}
