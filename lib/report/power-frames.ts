import { ops, scope, tensor } from '../tensor/index.js';

/** Which frames of a recording: frame i is centred on sample i · hop. */
export interface FrameRange {
  readonly fftSize: number;
  readonly hop: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Power |X|² of windowed frames, periodic Hann, silence beyond the ends.
 *
 * @returns [fftSize / 2 + 1, count], row after row
 */
export function powerFrames(
  samples: Float32Array,
  { fftSize, hop, first, count }: FrameRange,
): Float32Array {
  const from = first * hop - fftSize / 2;
  const to = from + (count - 1) * hop + fftSize;
  const stretch = new Float32Array(to - from);
  stretch.set(samples.subarray(Math.max(0, from), Math.max(0, to)), Math.max(0, -from));
  return scope(() => {
    const window = ops.hannWindow(fftSize);
    const spectrum = tensor(stretch).stft(fftSize, { hop, window, center: false });
    // The data is a view of memory that the scope frees.
    return spectrum.abs().square().data('float32').slice();
  });
}
