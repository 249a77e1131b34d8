import { FewSoundError } from '../native/errors.js';
import { rateOf, type Signal, signalPair } from './signal-pair.js';
import { stftMagnitude } from './spectra.js';

export interface LsdOptions {
  /** Samples per second, Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
}

const epsilon = 1e-12;

/**
 * Log-spectral distance. With magnitudes T of the reference and P of the degraded signal (FFT of
 * int(2048 · rate / 44100) points, 1024 at 22,050 Hz; hop int(rate / 100); periodic Hann window;
 * frames centred, zeros beyond the ends):
 *
 * L = log10(T² / (P + 1e-12)² + 1e-12)², mean over frequency, square root, mean over time.
 *
 * It is not symmetric. The spectra are float32, as the authors of the FewSound paper measured: where
 * a recording holds digital silence or nothing above some frequency, the rounding noise of the
 * transform is the floor that is compared, and float64 would give another number.
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
  const size = Math.floor((2048 * rate) / 44_100);
  const hop = Math.floor(rate / 100);
  const target = stftMagnitude(pair.reference, size, hop); // [bins, frames]
  const estimate = stftMagnitude(pair.degraded, size, hop);

  const bins = Math.floor(size / 2) + 1;
  const frames = target.length / bins;
  let total = 0;
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) {
      const at = bin * frames + frame;
      const ratio = (target[at] as number) / ((estimate[at] as number) + epsilon);
      sum += Math.log10(ratio * ratio + epsilon) ** 2;
    }
    total += Math.sqrt(sum / bins);
  }
  return total / frames;
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
