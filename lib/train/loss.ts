import type { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { LossHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import type { LossOptions } from '../options.generated.js';
import { fieldsOf, fitGroup, optionsObject, parseOptions, type Resolved } from '../options.js';
import type { Tensor } from '../tensor/index.js';
import { handleOf, wrapTensor } from '../tensor/tensor.js';

/**
 * The loss options; the rate of the clip stands in where none is given, and without a clip it is
 * needed.
 */
export function lossSchema(clipRate?: number): z.ZodType<ResolvedLoss, LossOptions> {
  const rows = fitGroup('loss').map((row) =>
    row.name === 'sampleRate'
      ? { ...row, required: clipRate === undefined, default: clipRate }
      : row,
  );
  const schema = optionsObject(fieldsOf<ResolvedLoss>(rows)) as z.ZodType<
    ResolvedLoss,
    LossOptions
  >;
  return schema.refine(
    ({ time, mel, emphasized, stft }) => time > 0 || mel > 0 || emphasized > 0 || stft > 0,
    {
      error: 'Expected time, mel, emphasized or stft above 0: with all 0 there is nothing to learn',
      path: ['mel'],
    },
  );
}

/** The same for what is no fit, and knows no part of its steps. */
export function steadyLossSchema(clipRate?: number): z.ZodType<ResolvedLoss, LossOptions> {
  return lossSchema(clipRate).refine(({ course }) => course.length === 0, {
    error: 'Expected no stages: they are for fit, whose steps they are parts of',
    path: ['course'],
  });
}

/** Samples of the frames of the complex spectra. */
const STFT_SIZE = 512;

/**
 * The longest frame of a loss, of which a recording must have more samples than half; 0: none.
 *
 * @param weights those of all its stages
 */
export function longestFrame(
  { fftSizes }: ResolvedLoss,
  weights: readonly Partial<Pick<ResolvedLoss, 'mel' | 'stft'>>[],
): number {
  return Math.max(
    0,
    ...(weights.some(({ mel = 0 }) => mel > 0) ? fftSizes : []),
    ...(weights.some(({ stft = 0 }) => stft > 0) ? [STFT_SIZE] : []),
  );
}

/** Loss options with all their values. */
export type ResolvedLoss = Resolved<LossOptions>;

/**
 * time · L1 + mel · multi-resolution mel STFT loss (paper 1, equation 2).
 *
 * The mel part is the mean over the FFT sizes of mean|M - M'| + √mean(M - M')², M = F·√max(|X|²,
 * 1e-8) with the Slaney mel filterbank F and the short-time Fourier transform X (periodic Hann
 * window of the FFT size, hop a quarter of it, frames centered with reflection).
 */
export class ReconstructionLoss {
  readonly options: ResolvedLoss;
  readonly #handle: LossHandle;

  /**
   * @param options `sampleRate` is needed here: there is no clip to take it from
   * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected
   */
  constructor(options: Omit<LossOptions, 'course'> & { sampleRate: number }) {
    this.options = Object.freeze(parseOptions(steadyLossSchema(), options, 'loss options'));
    this.#handle = addon().createLoss(this.options);
  }

  /**
   * @param estimate [batch, samples] or [samples], float32 or float64; more samples than half the
   *   largest FFT size
   * @param target of the same shape, dtype and device
   * @returns a scalar to call `backward` on
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT for too few samples
   */
  compute(estimate: Tensor, target: Tensor): Tensor {
    checkPair(estimate, target);
    return wrapTensor(addon().computeLoss(this.#handle, handleOf(estimate), handleOf(target)));
  }

  /**
   * The mel STFT loss of each FFT size alone, unweighted: [fftSizes]. Arguments and errors as
   * {@link compute}.
   */
  melPerResolution(estimate: Tensor, target: Tensor): Tensor {
    checkPair(estimate, target);
    return wrapTensor(
      addon().computeMelPerResolution(this.#handle, handleOf(estimate), handleOf(target)),
    );
  }
}

function checkPair(estimate: Tensor, target: Tensor): void {
  handleOf(estimate);
  handleOf(target);
  const shapes = [[...estimate.shape], [...target.shape]];
  if (String(shapes[0]) !== String(shapes[1])) {
    const [given, wanted] = shapes.map((shape) => `[${shape.join(', ')}]`);
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `loss: the estimate has shape ${given} and the target ${wanted}; expected the same.`,
      { shapes },
    );
  }
  const [first, second] = [estimate.dtype, target.dtype];
  if (first !== second || (first !== 'float32' && first !== 'float64')) {
    throw new FewSoundError(
      'DTYPE_MISMATCH',
      `loss: the estimate is ${first} and the target ${second}; expected both float32 or both float64.`,
    );
  }
}

/**
 * The multi-resolution mel STFT loss alone, a scalar. For one call; in a loop make a
 * {@link ReconstructionLoss} with `time: 0`, which keeps its filterbanks.
 */
export function melStftLoss(
  estimate: Tensor,
  target: Tensor,
  options: Omit<LossOptions, 'time' | 'mel' | 'course'> & { sampleRate: number },
): Tensor {
  return new ReconstructionLoss({ ...options, time: 0, mel: 1 }).compute(estimate, target);
}
