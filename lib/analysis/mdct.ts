import { z } from 'zod';
import type { Clip } from '../audio/index.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { ops, scope, type Tensor, tensor } from '../tensor/index.js';

/** A window whose squares, a block apart, add up to 1. */
export type MdctWindow = 'sine' | 'kbd';

const windows = ['sine', 'kbd'] as const;

export interface MdctOptions {
  /** Samples of a block, M: as many coefficients; the window has 2M. Even, 2 to 65,536. */
  blockSize: number;
  /** Default 'sine'; 'kbd' is Kaiser-Bessel-derived with α = 4, as in AC-3 and AAC. */
  window?: MdctWindow;
}

const schema = optionsObject({
  blockSize: wholeNumber(2, 2 ** 16).refine((size) => size % 2 === 0, {
    error: 'Expected an even number of samples',
  }),
  window: z.enum(windows, { error: "Expected 'sine' or 'kbd'" }).default('sine'),
});

/**
 * Modified discrete cosine transform (Princen, Johnson and Bradley 1987): blocks of 2M samples, M
 * apart, X[k] = √(2/M) Σ w[n] x[n] cos(π/M · (n + 1/2 + M/2)(k + 1/2)). What a block folds back onto
 * itself its neighbors cancel (TDAC); silence before and after the signal stands for those of the
 * first and the last. So scaled, it is orthonormal: coefficients have the energy of the signal, and
 * what is left out of them is the energy of the error.
 *
 * @param signal [samples], 1 or more
 * @returns [ceil(samples / M) + 1, M] float64
 * @throws FewSoundError INVALID_ARGUMENT, SHAPE_MISMATCH
 */
export function mdct(signal: Tensor, options: MdctOptions): Tensor {
  const { blockSize: size, window } = parseOptions(schema, options, 'mdct options');
  return scope(() => {
    const [samples] = signal.shape as [number];
    const blocks = Math.ceil(samples / size) + 1;
    const padded = signal
      .to({ dtype: 'float64', device: 'cpu' })
      .pad([size, blocks * size - samples]);
    const framed = padded.unfold(0, 2 * size, size).mul(windowOf(size, window));
    // (n + n₀)(k + 1/2) = nk + n/2 + n₀(k + 1/2): a transform of 2M between two turns.
    const turned = framed.mul(turns(range(2 * size).div(2 * size), -1));
    const bins = turned.fft(2 * size).narrow(1, 0, size);
    return bins
      .mul(turns(range(size, 0.5).mul(foldAt(size) / size), -1))
      .real()
      .mul(unit(size));
  });
}

/**
 * The signal whose {@link mdct} these coefficients are, or, of coefficients that are no signal's,
 * the nearest to them.
 *
 * @param coefficients [blocks, M]
 * @param samples of the signal, (blocks - 1)·M at most
 * @returns [samples] float64
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function inverseMdct(
  coefficients: Tensor,
  samples: number,
  { window = 'sine' }: Pick<MdctOptions, 'window'> = {},
): Tensor {
  return scope(() => {
    const [blocks, size] = coefficients.shape as [number, number];
    const turned = coefficients.mul(turns(range(size).mul(foldAt(size) / size), 1));
    const waves = turned
      .ifft(2 * size)
      .mul(turns(range(2 * size, foldAt(size)).div(2 * size), 1))
      .real();
    const windowed = waves.mul(2 * size * unit(size)).mul(windowOf(size, window));
    const none = ops.zeros([1, size], { dtype: 'float64' });
    const first = ops.cat([windowed.narrow(1, 0, size), none], 0);
    const second = ops.cat([none, windowed.narrow(1, size, size)], 0);
    return first
      .add(second)
      .reshape([(blocks + 1) * size])
      .narrow(0, size, samples);
  });
}

/** 1/2 + M/2, about which a block folds. */
const foldAt = (size: number) => (size + 1) / 2;

const unit = (size: number) => Math.sqrt(2 / size);

/** first, first + 1, ... */
const range = (length: number, first = 0) => ops.arange(0, length, { dtype: 'float64' }).add(first);

/** exp(±iπ·halves) */
function turns(halves: Tensor, sign: 1 | -1): Tensor {
  const angle = halves.mul(sign * Math.PI);
  return ops.complex(angle.cos(), angle.sin());
}

function windowOf(size: number, window: MdctWindow): Tensor {
  if (window === 'sine')
    return range(2 * size, 0.5)
      .mul(Math.PI / (2 * size))
      .sin();
  const kaiser = Array.from({ length: size + 1 }, (_, n) =>
    besselI0(4 * Math.PI * Math.sqrt(1 - ((2 * n) / size - 1) ** 2)),
  );
  const sums = tensor(kaiser, { dtype: 'float64' }).cumsum(0);
  const rising = sums
    .div(sums.narrow(0, size, 1))
    .sqrt()
    .narrow(0, 0, size);
  return ops.cat([rising, rising.flip([0])], 0);
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function besselI0(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** A recording as its largest MDCT coefficients. */
export interface MdctApproximation {
  /** [length] */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Coefficients that were kept. */
  readonly coefficients: number;
  /** What they take: two numbers each. */
  readonly numbers: number;
  readonly blockSize: number;
  readonly window: MdctWindow;
}

const BLOCK_SIZES = [128, 256, 512, 1024, 2048];

/**
 * A yardstick for networks: the recording as its largest MDCT coefficients, as many as a budget of
 * numbers allows. A coefficient costs two numbers, its value and its place among all of them; the
 * weights of a network have their places by its architecture. Of five block sizes and two windows
 * those are taken that leave the least error. Nothing is learned, so it shows what a number can
 * hold that is spent without any training; it knows nothing of hearing either.
 *
 * With two numbers for each sample and more nothing is left out.
 *
 * @param numbers 2 or more: learnable numbers of the network beside it
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function largestMdct(
  { samples }: Pick<Clip, 'samples'>,
  numbers: number,
): MdctApproximation {
  const most = Math.floor(parseOptions(wholeNumber(2, 2 ** 31), numbers, 'numbers') / 2);
  return scope(() => {
    const signal = tensor(samples, { dtype: 'float64' });
    let best: (MdctApproximation & { error: number }) | undefined;
    for (const blockSize of BLOCK_SIZES) {
      for (const window of windows) {
        const found = scope(() => {
          const options = { blockSize, window };
          const { values, count } = largest(mdct(signal, options).data('float64'), most);
          const coefficients = tensor(values).reshape([-1, blockSize]);
          const approximation = inverseMdct(coefficients, samples.length, options);
          return {
            samples: approximation.to({ dtype: 'float32' }).data('float32'),
            ...{ coefficients: count, numbers: 2 * count, blockSize, window },
            // Without what falls before the first sample and after the last.
            error: approximation.sub(signal).square().sum().item(),
          };
        });
        if (best === undefined || found.error < best.error) best = found;
      }
    }
    const { error: _, ...approximation } = best as NonNullable<typeof best>;
    return approximation;
  });
}

/** The largest of coefficients, zeros in place of the others, and how many are not 0. */
function largest(coefficients: Float64Array, most: number) {
  const bySize = Uint32Array.from(coefficients, (_, index) => index).sort(
    (a, b) => Math.abs(coefficients[b] as number) - Math.abs(coefficients[a] as number),
  );
  const values = new Float64Array(coefficients.length);
  let count = 0;
  for (const index of bySize.subarray(0, most)) {
    values[index] = coefficients[index] as number;
    if (values[index] !== 0) count++;
  }
  return { values, count };
}
