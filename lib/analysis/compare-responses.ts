import { FewSoundError, invalidArgument } from '../errors.js';
import type { CumulativeResponses, ResponseSpectra } from './response-spectra.js';

/** How two responses differ: of two inputs to one model, or of two models to one input. */
export interface ResponseDifference {
  /** [bins + 1] Hz. */
  readonly frequencies: Float64Array;
  /** [frames] seconds. */
  readonly times: Float64Array;
  /** STRS of the first minus that of the second, [bins + 1, frames]. */
  readonly strs: Float64Array;
  /** CRS of the first minus that of the second, [bins + 1]. */
  readonly crs: Float64Array;
}

/** The CRS of the recordings of one class. */
export interface ClassResponse {
  readonly label: string;
  readonly count: number;
  /** [bins + 1] */
  readonly mean: Float64Array;
  /** [bins + 1] Standard deviation of the sample; 0 for one recording. */
  readonly deviation: Float64Array;
}

/**
 * One response minus another with the same axes.
 *
 * @throws FewSoundError SHAPE_MISMATCH where frequencies or frames differ
 */
export function responseDifference(
  first: ResponseSpectra,
  second: ResponseSpectra,
): ResponseDifference {
  const same = (a: Float64Array, b: Float64Array) =>
    a.length === b.length && a.every((value, i) => value === b[i]);
  if (!same(first.frequencies, second.frequencies) || !same(first.times, second.times)) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      'responseDifference: frequencies or times differ; compute both with the same bins, axis, stride and length of recording.',
      {
        shapes: [first, second].map(({ frequencies, times }) => [frequencies.length, times.length]),
      },
    );
  }
  const minus = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Float64Array.from(a, (value, i) => value - (b[i] as number));
  return {
    frequencies: first.frequencies,
    times: first.times,
    strs: minus(first.strs, second.strs),
    crs: minus(first.crs, second.crs),
  };
}

/**
 * The start of a response, so that those to recordings of unequal lengths can be subtracted.
 *
 * @param frames how many; not more than there are
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function firstFrames(response: ResponseSpectra, frames: number): ResponseSpectra {
  const { frequencies, times, strs } = response;
  const all = times.length;
  if (!Number.isInteger(frames) || frames < 1 || frames > all) {
    throw invalidArgument(
      'frames',
      `firstFrames: frames is ${frames}; expected a whole number from 1 to ${all}.`,
    );
  }
  const kept = new Float64Array(frequencies.length * frames);
  const crs = new Float64Array(frequencies.length);
  for (let i = 0; i < frequencies.length; i++) {
    kept.set(strs.subarray(i * all, i * all + frames), i * frames);
    let sum = 0;
    for (let j = 0; j < frames; j++) sum += strs[i * all + j] as number;
    crs[i] = sum / frames;
  }
  return { frequencies, times: times.slice(0, frames), strs: kept, crs };
}

/**
 * Mean and spread of the CRS over the recordings of each class.
 *
 * @param labels the class of each recording
 * @returns classes in the order in which they first occur
 * @throws FewSoundError SHAPE_MISMATCH where labels and recordings differ in number
 */
export function responsesByClass(
  { crs }: CumulativeResponses,
  labels: readonly string[],
): ClassResponse[] {
  if (labels.length !== crs.length) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `responsesByClass: got ${labels.length} labels for ${crs.length} recordings; expected one for each.`,
      { field: 'labels', shapes: [[labels.length], [crs.length]] },
    );
  }
  return [...new Set(labels)].map((label) => {
    const members = crs.filter((_, index) => labels[index] === label);
    const bins = members[0]?.length ?? 0;
    const mean = new Float64Array(bins);
    const deviation = new Float64Array(bins);
    for (let i = 0; i < bins; i++) {
      const values = members.map((member) => member[i] as number);
      const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
      mean[i] = middle;
      deviation[i] = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
    }
    return { label, count: members.length, mean, deviation };
  });
}
