import { z } from 'zod';
import { peakOf } from '../audio/clip.js';
import { flag, optionsObject } from '../options.js';
import type { Draws } from './draws.js';

/** The augmentation of training crops; each part can be switched off. */
export interface AugmentationOptions {
  /** Crop at a random start (default true); at the segment's beginning otherwise. */
  randomStart?: boolean;
  /** Probability of the phase mangle, 0 to 1. Default 0.8; 0 switches it off. */
  phaseMangle?: number;
  /** Noise of one step of 16 bits, uniform (default true). */
  dequantize?: boolean;
}

const probability = 'Expected a number from 0 to 1';

export const augmentationSchema = optionsObject({
  randomStart: flag.default(true),
  phaseMangle: z
    .number({ error: probability })
    .min(0, { error: probability })
    .max(1, { error: probability })
    .default(0.8),
  dequantize: flag.default(true),
});

export type Augmentation = z.output<typeof augmentationSchema>;

/** The phase mangle of the FewSound paper: radius of the poles, range of their frequency in Hz. */
const MANGLE = { radius: 0.99, lowest: 20, highest: 2000 };

/** One step of 16 bits. */
const STEP = 2 ** -16;

/** The random choices for one training crop. */
interface CropPlan {
  /** First sample of the crop in its segment. */
  readonly start: number;
  /** Frequency of the all-pass filter's poles, Hz; null where the phase is left alone. */
  readonly mangleFrequency: number | null;
}

/**
 * Draws for one crop. Always three numbers, whatever is switched off, so that a switch changes
 * nothing else.
 *
 * @param starts possible starts, 1 or more
 */
export function planCrop(draws: Draws, starts: number, augmentation: Augmentation): CropPlan {
  const start = draws.below(starts);
  const mangles = draws.uniform() < augmentation.phaseMangle;
  const frequency = MANGLE.lowest * (MANGLE.highest / MANGLE.lowest) ** draws.uniform();
  return {
    start: augmentation.randomStart ? start : 0,
    mangleFrequency: mangles ? frequency : null,
  };
}

/**
 * Makes a training example of a crop, in place: phase mangle, dequantization noise U(-1/2,
 * 1/2)/2^16, peak 1.
 *
 * @param sampleRate Hz
 */
export function augment(
  crop: Float32Array,
  plan: CropPlan,
  { dequantize }: Augmentation,
  draws: Draws,
  sampleRate: number,
): void {
  if (plan.mangleFrequency !== null) {
    allPass(crop, MANGLE.radius, (2 * Math.PI * plan.mangleFrequency) / sampleRate);
  }
  if (dequantize) draws.addNoise(crop, STEP / 2);
  scaleToPeak(crop);
}

/**
 * Filters in place by the second-order all-pass filter with poles r·e^(±iθ) and zeros at their
 * mirror images:
 *
 * H(z) = (r² - 2r·cos θ·z⁻¹ + z⁻²) / (1 - 2r·cos θ·z⁻¹ + r²·z⁻²)
 *
 * |H| = 1 at every frequency: the spectrum keeps its magnitudes, the waveform changes. Before the
 * first sample there is silence.
 *
 * @param samples [n] amplitudes
 * @param radius r, in [0, 1)
 * @param angle θ, radians a sample
 */
export function allPass(samples: Float32Array, radius: number, angle: number): void {
  const middle = -2 * radius * Math.cos(angle);
  const outer = radius * radius;
  // Transposed direct form II: y = r²x + p; p' = m(x - y) + q; q' = x - r²y, where m = -2r·cos θ.
  let [p, q] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i] as number;
    const y = outer * x + p;
    p = middle * (x - y) + q;
    q = x - outer * y;
    samples[i] = y;
  }
}

/** Scales to a peak of 1, in place; silence stays silence. */
export function scaleToPeak(samples: Float32Array): void {
  const peak = peakOf(samples);
  if (peak === 0) return;
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] as number) / peak;
}
