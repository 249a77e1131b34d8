import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import { handleOf, scope, tensor } from '../tensor/index.js';
import { rateOf, type Signal, signalPair } from './signal-pair.js';

export interface LsdOptions {
  /** Samples per second, Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
}

/**
 * Log-spectral distance. With magnitudes T of the reference and P of the degraded signal (FFT of
 * int(2048 · rate / 44100) points, 1024 at 22,050 Hz; hop int(rate / 100); periodic Hann window;
 * frames centred, zeros beyond the ends):
 *
 * L = log10(T² / (P + 1e-12)² + 1e-12)², mean over frequency, square root, mean over time.
 *
 * It is not symmetric. Computed in float64, so that it is the same on every machine. The authors of
 * the FewSound paper measured in float32: where a recording holds nothing above some frequency, the
 * rounding noise of their transform is the floor that is compared, and it differs between
 * processors. A recording at 16 kHz brought to 22,050 Hz gives 3.45 here and 3.45 to 3.57 there.
 *
 * @returns 0 for equal signals, except that every frame where both are exact zeros counts 12, by the
 *   definition; null for a silent reference
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples,
 *   INVALID_ARGUMENT for NaN or infinite samples and for a rate that is missing, below 100 Hz, or
 *   not the same for both
 */
export function lsd(reference: Signal, degraded: Signal, options: LsdOptions = {}): number | null {
  const pair = signalPair(reference, degraded);
  const rate = requireLsdRate(rateOf(reference, degraded, options.sampleRate));
  if (pair.reference.every((value) => value === 0)) return null;
  return scope(() =>
    addon().measureLogSpectralDistance(
      handleOf(tensor(pair.reference)),
      handleOf(tensor(pair.degraded)),
      rate,
    ),
  );
}

function requireLsdRate(rate: number | null): number {
  if (rate === null || !(Number.isFinite(rate) && rate >= 100)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `sampleRate is ${rate === null ? 'not given' : rate}; the log-spectral distance needs the ` +
        'rate of the signals, 100 Hz or more. Pass clips, or the option sampleRate.',
      { field: 'sampleRate' },
    );
  }
  return rate;
}

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
