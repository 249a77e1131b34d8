import { addon } from '../addon/addon.js';
import { scope, tensor } from '../tensor/index.js';
import { handleOf } from '../tensor/tensor.js';
import { defineMetric } from './metric.js';
import { requireRate, type Signal, signalPair } from './signal-pair.js';

export interface LsdOptions {
  /** Samples per second, Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
}

const RATES = { lowest: 100 };

/**
 * Log-spectral distance. With magnitudes T of the reference and P of the degraded signal (FFT of
 * int(2048 · rate / 44100) points, 1024 at 22,050 Hz; hop int(rate / 100); periodic Hann window;
 * frames centered, zeros beyond the ends):
 *
 * L = log10(T² / (P + 1e-12)² + 1e-12)², mean over frequency, square root, mean over time.
 *
 * It is not symmetric. Computed in float64, so that it is the same on every machine. The authors of
 * the FewSound paper measured in float32: where a recording holds nothing above some frequency, the
 * rounding noise of their transform is the floor that is compared, and it differs between
 * processors. A recording at 16 kHz brought to 22,050 Hz gives 3.45 here and 3.45 to 3.57 there.
 *
 * @returns 0 for equal signals, except that every frame where both are exact zeros counts 12, by
 *   the definition; null for a silent reference
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples,
 *   INVALID_ARGUMENT for NaN or infinite samples and for a rate that is missing, below 100 Hz, or
 *   not the same for both
 */
export function lsd(reference: Signal, degraded: Signal, options: LsdOptions = {}): number | null {
  const pair = signalPair(reference, degraded);
  const rate = requireRate('LSD', RATES, [reference, degraded, options.sampleRate]);
  if (pair.reference.every((value) => value === 0)) return null;
  return scope(() =>
    addon().measureLogSpectralDistance(
      handleOf(tensor(pair.reference)),
      handleOf(tensor(pair.degraded)),
      rate,
    ),
  );
}

export const lsdMetric = defineMetric({
  name: 'lsd',
  title: 'LSD',
  better: 'lower',
  meaning: 'log-spectral distance: how far the spectra are apart, frame by frame',
  undefinedWhen: 'the original is silent',
  paperColumn: 3,
  inReports: { rank: 4, figure: true, curve: 'linear' },
  needs: { addon: true, sampleRates: RATES },
  measure: lsd,
});

/**
 * Magnitudes of the Fourier transform in float64, bins 0 to n / 2.
 *
 * @internal
 * @param samples [n]
 * @returns [n / 2 + 1]
 */
export function fftMagnitude(samples: Float32Array): Float64Array {
  return scope(() => tensor(samples, { dtype: 'float64' }).rfft().abs().data('float64'));
}
