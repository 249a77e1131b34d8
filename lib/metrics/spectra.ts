import { ops, scope, tensor } from '../tensor/index.js';

/**
 * Magnitudes of the short-time Fourier transform in float32: periodic Hann window of `size` samples,
 * frames centred on multiples of `hop`, zeros beyond the ends.
 *
 * @internal
 * @param samples [n]
 * @returns [size / 2 + 1, 1 + n / hop], row by row
 */
export function stftMagnitude(samples: Float32Array, size: number, hop: number): Float32Array {
  return scope(() =>
    ops
      .stft(tensor(samples), size, {
        hop,
        window: ops.hannWindow(size),
        center: true,
        padMode: 'constant',
      })
      .abs()
      .data('float32'),
  );
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
