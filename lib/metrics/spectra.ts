import { scope, tensor } from '../tensor/index.js';

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
