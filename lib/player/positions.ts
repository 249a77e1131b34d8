import { FewSoundError, invalidArgument } from '../errors.js';

/** What a network has learned: its time axis spans `samples` samples at `sampleRate` Hz. */
export interface LearnedClip {
  readonly sampleRate: number;
  readonly samples: number;
}

/** A stretch of time to render, seconds from the beginning of the recording. */
export interface RenderRange {
  /** Where to start. Default 0. */
  from?: number;
  /** Where to end (that instant not included). Default: the end of the recording. */
  to?: number;
  /**
   * Samples per second, Hz; any rate, the network is continuous in time. Default: the recording's.
   */
  sampleRate?: number;
}

/** Where the samples to render lie: sample i at `first + i · step`, in samples of the recording. */
export interface SamplePositions {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

const mostSamples = 2 ** 31;

/**
 * What the network has learned, without which seconds have no meaning.
 *
 * @throws FewSoundError INVALID_ARGUMENT where it has learned nothing
 */
export function requireClip(clip: LearnedClip | undefined): LearnedClip {
  if (clip !== undefined) return clip;
  throw invalidArgument(
    'clip',
    'the network has not learned a recording, so seconds have no meaning for it; fit it, set its ' +
      'clip, or render a number of samples.',
  );
}

/**
 * Places a range of checked numbers among the samples of the recording.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a range outside the recording or without a sample, and
 *   where it is not known how long the recording is
 */
export function placeRange(range: RenderRange, learned: LearnedClip | undefined): SamplePositions {
  const clip = requireClip(learned);
  const duration = clip.samples / clip.sampleRate;
  const { from = 0, to = duration, sampleRate = clip.sampleRate } = range;
  // The end of a recording, printed and read again, may be off by a rounding.
  if (from >= to || to > duration * (1 + 1e-9)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `render range: from ${from} s to ${to} s; expected from below to, both within the recording's ` +
        `${duration} s.`,
      { field: from >= to ? 'from' : 'to' },
    );
  }
  const count = requireSampleCount(Math.round((to - from) * sampleRate));
  return { first: from * clip.sampleRate, step: clip.sampleRate / sampleRate, count };
}

/** @throws FewSoundError INVALID_ARGUMENT unless it is a whole number that an array can hold */
export function requireSampleCount(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= mostSamples) return count;
  throw invalidArgument(
    'samples',
    `render: ${count} samples; expected a whole number from 1 to ${mostSamples}.`,
  );
}

/**
 * Whether the positions are samples of a recording of that length, where float32 can tell the times
 * of neighbors apart: then their times are those that the network has learned, to the bit.
 */
export function onSamples({ first, step, count }: SamplePositions, samples: number): boolean {
  return (
    step === 1 && Number.isInteger(first) && first + count <= samples && samples <= longestAxis
  );
}

const longestAxis = 2 ** 24;
