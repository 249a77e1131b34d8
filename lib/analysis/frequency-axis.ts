import { invalidArgument } from '../errors.js';
import { ops, scope, type Tensor, tensor } from '../tensor/index.js';

/** Where a filter's response is evaluated. */
export interface FrequencyAxis {
  readonly kind: 'fourier' | 'log';
  /** [bins + 1] Hz, ascending. */
  readonly frequencies: Float64Array;
  /** Periods of each frequency in its window, as in a constant-Q transform; absent: no window. */
  readonly quality?: number;
}

/** bins + 1 frequencies from 0 to half the rate (paper 2, Eq. 1). */
export function fourierAxis(bins: number, sampleRate: number): FrequencyAxis {
  const frequencies = Float64Array.from(
    { length: bins + 1 },
    (_, i) => (i * sampleRate) / 2 / bins,
  );
  return { kind: 'fourier', frequencies };
}

/**
 * bins + 1 frequencies from `lowest` to half the rate in equal ratios.
 *
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function logAxis(
  bins: number,
  sampleRate: number,
  lowest: number,
  quality: number | undefined,
): FrequencyAxis {
  if (!(lowest < sampleRate / 2)) {
    throw invalidArgument(
      'lowest',
      `lowest is ${lowest} Hz; expected less than half the rate, ${sampleRate / 2} Hz.`,
    );
  }
  const ratio = sampleRate / 2 / lowest;
  const frequencies = Float64Array.from(
    { length: bins + 1 },
    (_, i) => lowest * ratio ** (i / bins),
  );
  return { kind: 'log', frequencies, ...(quality !== undefined && { quality }) };
}

/**
 * Frequency responses of filters, real parts above imaginary ones: [2·(bins + 1), filters] float64.
 *
 * @param filters [filters, length]
 */
export function filterResponses(filters: Tensor, axis: FrequencyAxis, sampleRate: number): Tensor {
  return scope(() => {
    const exact = filters.to({ dtype: 'float64' });
    if (axis.kind === 'fourier') {
      const size = 2 * (axis.frequencies.length - 1);
      const spectrum = folded(exact, size).rfft(size).transpose(); // [bins + 1, filters]
      return ops.cat([spectrum.real(), spectrum.imag()], 0);
    }
    const length = filters.shape[1] as number;
    const time = ops.arange(0, length, { dtype: 'float64' }).div(sampleRate);
    const hertz = tensor(axis.frequencies).unsqueeze(1);
    const phase = hertz.mul(time).mul(-2 * Math.PI); // [bins + 1, length]
    const window =
      axis.quality === undefined ? 1 : centeredHann(hertz, length, axis.quality, sampleRate);
    const columns = exact.transpose(); // [length, filters]
    return ops.cat(
      [phase.cos().mul(window).matmul(columns), phase.sin().mul(window).matmul(columns)],
      0,
    );
  });
}

/** Adds up the parts of a filter longer than the transform, which leaves the bins the same. */
function folded(filters: Tensor, size: number): Tensor {
  const [count, length] = filters.shape as [number, number];
  if (length <= size) return filters;
  const parts = Math.ceil(length / size);
  return filters
    .pad([0, parts * size - length])
    .reshape([count, parts, size])
    .sum(1);
}

/** Hann windows about the middle of a filter, quality periods long: [bins + 1, length]. */
function centeredHann(hertz: Tensor, length: number, quality: number, sampleRate: number): Tensor {
  const fromMiddle = ops
    .arange(0, length, { dtype: 'float64' })
    .sub((length - 1) / 2)
    .div(sampleRate);
  return hertz
    .mul(fromMiddle)
    .div(quality)
    .clamp(-0.5, 0.5)
    .mul(2 * Math.PI)
    .cos()
    .add(1)
    .div(2);
}
