import { types } from 'node:util';
import { firstNotFinite } from '../audio/checks.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError } from '../errors.js';

/** Sample rates that a metric accepts, Hz. */
export interface SampleRates {
  readonly lowest: number;
  readonly highest?: number;
}

/** Audio to compare: a clip, or bare samples [n]. */
export type Signal = Clip | Float32Array;

export interface SignalPair {
  /** [n], what the other is measured against. */
  readonly reference: Float32Array;
  /** [n] */
  readonly degraded: Float32Array;
}

/**
 * The samples of both signals, checked: not empty, finite, of one length, of one rate.
 *
 * @internal
 * @throws FewSoundError AUDIO_EMPTY, INVALID_ARGUMENT, SHAPE_MISMATCH
 */
export function signalPair(reference: Signal, degraded: Signal): SignalPair {
  const pair = {
    reference: samplesOf(reference, 'reference'),
    degraded: samplesOf(degraded, 'degraded'),
  };
  rateOf(reference, degraded);
  const lengths = [pair.reference.length, pair.degraded.length];
  if (lengths[0] !== lengths[1]) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `the reference has ${lengths[0]} samples and the degraded signal ${lengths[1]}; metrics ` +
        'compare sample with sample. Crop both to one length.',
      { shapes: lengths.map((length) => [length]) },
    );
  }
  return pair;
}

/**
 * The sampling rate the two agree on, null when neither states one.
 *
 * @internal
 * @param stated a rate given beside the signals
 * @throws FewSoundError INVALID_ARGUMENT when the rates differ
 */
export function rateOf(reference: Signal, degraded: Signal, stated?: number): number | null {
  const rates = [reference, degraded].flatMap((signal) =>
    types.isFloat32Array(signal) ? [] : [signal.sampleRate],
  );
  if (stated !== undefined) rates.push(stated);
  const [rate = null] = rates;
  const other = rates.find((candidate) => candidate !== rate);
  if (other !== undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `the signals are at ${rate} Hz and ${other} Hz; metrics compare at one rate. ` +
        'Resample one of them first.',
      { field: 'sampleRate' },
    );
  }
  return rate;
}

/** Rates that signals can be resampled from, Hz; whole numbers only. */
export const AUDIBLE_RATES = { lowest: 1000, highest: 384_000 };

/**
 * Whether a metric accepts a rate; those with a highest rate resample, which takes whole numbers.
 */
export function accepts({ lowest, highest }: SampleRates, rate: number): boolean {
  if (highest === undefined) return Number.isFinite(rate) && rate >= lowest;
  return Number.isInteger(rate) && rate >= lowest && rate <= highest;
}

/**
 * The rate of both signals, for a metric that depends on it.
 *
 * @throws FewSoundError INVALID_ARGUMENT where it is missing, not the same, or not accepted
 */
export function requireRate(
  title: string,
  accepted: SampleRates,
  [reference, degraded, stated]: readonly [Signal, Signal, number | undefined],
): number {
  const rate = rateOf(reference, degraded, stated);
  if (rate !== null && accepts(accepted, rate)) return rate;
  const { lowest, highest } = accepted;
  const range =
    highest === undefined
      ? `${lowest} Hz or more`
      : `a whole number of Hz from ${lowest} to ${highest}`;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `sampleRate is ${rate ?? 'not given'}; ${title} needs the rate of the signals, ${range}. Pass clips, or the option sampleRate.`,
    { field: 'sampleRate' },
  );
}

function samplesOf(signal: Signal, field: 'reference' | 'degraded'): Float32Array {
  const samples = types.isFloat32Array(signal) ? signal : (signal as Partial<Clip> | null)?.samples;
  if (!types.isFloat32Array(samples)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field} is ${signal === null ? 'null' : typeof signal}; expected a clip or a Float32Array.`,
      { field },
    );
  }
  if (samples.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${field}: there is not one sample of audio.`, {
      field,
    });
  }
  const bad = firstNotFinite(samples);
  if (bad >= 0) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field}: sample ${bad} is ${samples[bad]}; every sample must be a finite number.`,
      { field },
    );
  }
  return samples;
}
