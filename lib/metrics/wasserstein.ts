import { fftMagnitude } from './log-spectral-distance.js';
import { defineMetric } from './metric.js';
import { type Signal, signalPair } from './signal-pair.js';

/**
 * Wasserstein distance of section 4.4 of the FewSound paper: the magnitudes of the full FFT, all n
 * bins, each signal's made to sum to 1, are two distributions on the support 0², 1², … (n-1)²,
 * which weighs the high bins. Their Wasserstein-1 distance is divided by n, as the paper's table is
 * (there n is 32,768). Computed in float64.
 *
 * @returns 0 for equal signals (and for a scaled copy: the level does not count); null when either
 *   signal is silent, which has no distribution
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples,
 *   INVALID_ARGUMENT for NaN or infinite samples or unequal rates of two clips
 */
export function wassersteinDistance(reference: Signal, degraded: Signal): number | null {
  const pair = signalPair(reference, degraded);
  const target = distribution(pair.reference);
  const estimate = distribution(pair.degraded);
  if (target === null || estimate === null) return null;

  // On a common support W1 is the area between the two cumulative distributions.
  const length = pair.reference.length;
  let difference = 0;
  let area = 0;
  for (let bin = 0; bin < length - 1; bin++) {
    difference += (target[bin] as number) - (estimate[bin] as number);
    area += Math.abs(difference) * (2 * bin + 1); // (bin + 1)² - bin²
  }
  return area / length;
}

export const wdMetric = defineMetric({
  name: 'wd',
  title: 'WD',
  better: 'lower',
  meaning: 'Wasserstein distance of the spectra, weighted toward high frequencies',
  undefinedWhen: 'one of the signals is silent',
  needs: { addon: true },
  measure: wassersteinDistance,
});

/** Share of each of the n bins in the magnitude spectrum, null for silence. */
function distribution(samples: Float32Array): Float64Array | null {
  const half = fftMagnitude(samples); // [floor(n / 2) + 1]
  const { length } = samples;
  // The upper bins of a real signal mirror the lower ones.
  const full = Float64Array.from(
    { length },
    (_, bin) => half[Math.min(bin, length - bin)] as number,
  );
  const sum = full.reduce((total, value) => total + value, 0);
  return sum === 0 ? null : full.map((value) => value / sum);
}
