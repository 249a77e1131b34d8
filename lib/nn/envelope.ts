import { z } from 'zod';
import type { Clip } from '../audio/index.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { valueAlong } from '../player/envelope.js';

/** An amplitude envelope by a rule: a power of the recording's level. */
export interface EnvelopeRule {
  /** At how many places, equally far apart, 1 to 65,536. At most every second sample is one. */
  points: number;
  /**
   * 0: none. 1: what is learned is as loud throughout. Between: errors are softer where the
   * recording is. Default 0.375, as the recipes have it.
   */
  power?: number;
}

/** A rule, or the values themselves. */
export type Envelope = readonly number[] | EnvelopeRule;

const ruleSchema = optionsObject({
  points: wholeNumber(1, 65_536),
  power: z.number().min(0).max(1).default(0.375),
});

/** Of the level that is heard: high frequencies are lifted, as by `loss.preEmphasis`. */
const PRE_EMPHASIS = 0.95;
/** Of the highest level, added to all: silence is not lifted without end. */
const FLOOR = 0.01;

/**
 * The amplitude envelope of a recording as networks take it (`envelope`): a list that no longer
 * depends on where it is from, and goes into model files as it is.
 *
 * Of a rule: (level / highest level + 0.01)^power, the level being the root mean square of the
 * pre-emphasized recording around each point, to the next on either side (a Hann window). It is
 * scaled so that the recording divided by it has peak 1, to four digits.
 *
 * @param choice a list is returned as it is, for the network to judge
 * @param clip what is to be learned
 * @throws FewSoundError INVALID_ARGUMENT for a bad rule
 */
export function amplitudeEnvelope(choice: Envelope, clip: Pick<Clip, 'samples'>): number[] {
  if (Array.isArray(choice)) return [...choice];
  const { points, power } = parseOptions(ruleSchema, choice, 'envelope');
  const { samples } = clip;
  const count = Math.max(1, Math.min(points, Math.floor(samples.length / 2)));
  const levels = levelsOf(samples, count);
  const highest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (highest === 0) return levels.map(() => 1);
  const shape = levels.map((level) => (level / highest + FLOOR) ** power);
  const peak = samples.reduce(
    (most, sample, i) =>
      Math.max(most, Math.abs(sample) / valueAlong(shape, i / (samples.length - 1))),
    0,
  );
  return shape.map((value) => Number((value * peak).toPrecision(4)));
}

/** Root mean squares of the pre-emphasized samples around points equally far apart. */
function levelsOf(samples: Float32Array, count: number): number[] {
  const distance = (samples.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, point) => {
    const center = point * distance;
    const end = Math.min(samples.length, Math.ceil(center + distance));
    let [sum, weights] = [0, 0];
    for (let i = Math.max(1, Math.floor(center - distance)); i < end; i++) {
      const weight = 0.5 + 0.5 * Math.cos((Math.PI * (i - center)) / distance);
      sum += weight * ((samples[i] as number) - PRE_EMPHASIS * (samples[i - 1] as number)) ** 2;
      weights += weight;
    }
    return weights > 0 ? Math.sqrt(sum / weights) : 0;
  });
}
