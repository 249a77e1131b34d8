import { types } from 'node:util';
import { z } from 'zod';
import { FewSoundError, invalidArgument, throwIfAborted } from '../errors.js';
import { abortSignal, parseOptions, sampleRateField } from '../options.js';
import { requireAudio, requireRate } from './checks.js';
import { type AudioSource, readAudio } from './read.js';
import { interpolate, resampledLength } from './resample.js';

/** One channel of sound: what a network is fitted to and what it renders. */
export interface Clip {
  /** [length] amplitudes; full scale is [-1, 1]. */
  readonly samples: Float32Array;
  /** Samples per second, Hz. */
  readonly sampleRate: number;
  /** Number of samples, at least 1. */
  readonly length: number;
  /** Seconds: `length / sampleRate`. */
  readonly duration: number;
  /** The path or URL it was read from, if any. */
  readonly source?: string;
}

export interface LoadClipOptions {
  /** Rate to resample to, Hz. Default: the file's own. */
  sampleRate?: number;
  /** Keep at most this many samples (counted at the rate of the clip). Default: all. */
  samples?: number;
  /** Where to start, seconds from the beginning of the file. Default 0. */
  offset?: number;
  /** `'mix'` averages the channels (default); a number takes that one, counted from 0. */
  channel?: 'mix' | number;
  /** Scale so that the largest magnitude is 1 (default true). Silence stays silence. */
  normalize?: boolean;
  /** Abandons the load between its steps (reading, decoding, resampling). */
  signal?: AbortSignal;
}

const ABORTED = 'loading the clip was aborted.';

const loadSchema = z.strictObject({
  sampleRate: sampleRateField.optional(),
  samples: z.number().int().positive().optional(),
  offset: z.number().nonnegative().default(0),
  channel: z
    .union([z.literal('mix'), z.number().int().nonnegative()], {
      error: "Invalid input: expected 'mix' or the number of a channel, counted from 0",
    })
    .default('mix'),
  normalize: z.boolean().default(true),
  signal: abortSignal.optional(),
});

/**
 * Creates a clip from samples. A `Float32Array` is used as it is, not copied.
 *
 * @param samples [n] amplitudes, n at least 1
 * @param sampleRate whole Hz
 * @throws FewSoundError AUDIO_EMPTY for no samples; INVALID_ARGUMENT for a NaN or infinite sample
 *   (its index is named) or a rate that is not a positive whole number
 */
export function createClip(samples: Float32Array | readonly number[], sampleRate: number): Clip {
  requireRate(sampleRate, 'sampleRate');
  const stored = Array.isArray(samples) ? Float32Array.from(samples) : (samples as Float32Array);
  requireAudio(stored, 'createClip');
  return makeClip(stored, sampleRate);
}

/**
 * Reads a recording as one channel: decodes, mixes down, resamples ('high' quality of `resample`),
 * crops, and scales to peak 1, in this order.
 *
 * Formats: see {@link readAudio}.
 *
 * @param source path, `file:` URL, or the bytes of a file
 * @throws FewSoundError what `readAudio` throws; INVALID_ARGUMENT for an unknown or bad option, a
 *   channel the file does not have, or an offset past its end; ABORTED by the signal
 */
export async function loadClip(source: AudioSource, options: LoadClipOptions = {}): Promise<Clip> {
  const { sampleRate, samples, offset, channel, normalize, signal } = parseOptions(
    loadSchema,
    options,
    'loadClip options',
  );
  throwIfAborted(signal, ABORTED);
  const recording = await readAudio(source);
  throwIfAborted(signal, ABORTED);

  const name = recording.source ?? 'audio';
  const mono = pickChannel(recording.channels, channel, name);
  const rate = sampleRate ?? recording.sampleRate;
  const available = resampledLength(mono.length, recording.sampleRate, rate);
  const start = Math.round(offset * rate);
  if (start >= available) {
    throw invalidArgument(
      'offset',
      `offset is ${offset} s, but ${name} lasts ${(available / rate).toFixed(3)} s; ` +
        'choose an offset before its end.',
    );
  }
  const count = Math.min(samples ?? Number.POSITIVE_INFINITY, available - start);
  const cropped = interpolate(mono, recording.sampleRate, rate, start, count);
  throwIfAborted(signal, ABORTED);
  return makeClip(normalize ? peakNormalize(cropped) : cropped, rate, recording.source);
}

/**
 * A part of a clip. The samples are a view of the same memory, not a copy.
 *
 * @param start first sample, counted from 0
 * @param length number of samples, at least 1
 * @throws FewSoundError INVALID_ARGUMENT when the part is not wholly inside the clip
 */
export function crop(clip: Clip, start: number, length: number): Clip {
  const whole = Number.isInteger(start) && Number.isInteger(length);
  if (!whole || start < 0 || length < 1 || start + length > clip.length) {
    throw invalidArgument(
      Number.isInteger(start) && start >= 0 && start < clip.length ? 'length' : 'start',
      `cannot crop ${length} samples at ${start} from a clip of ${clip.length}; expected whole ` +
        'numbers and a crop of one sample or more inside the clip.',
    );
  }
  return makeClip(clip.samples.subarray(start, start + length), clip.sampleRate, clip.source);
}

/**
 * Scales so that the largest magnitude is 1. Silence stays silence.
 *
 * @param samples [n] amplitudes
 * @returns [n], always a new array
 * @throws FewSoundError AUDIO_EMPTY for no samples; INVALID_ARGUMENT for a NaN or infinite sample
 */
export function peakNormalize(samples: Float32Array): Float32Array {
  requireAudio(samples, 'peakNormalize');
  const peak = peakOf(samples);
  return peak === 0 ? samples.slice() : samples.map((value) => value / peak);
}

/** The largest magnitude; 0 for silence. */
export function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i] as number);
    if (magnitude > peak) peak = magnitude;
  }
  return peak;
}

/**
 * Checks a clip; plain objects of its form pass too.
 *
 * @param caller how errors call the function
 * @throws FewSoundError INVALID_ARGUMENT, AUDIO_EMPTY
 */
export function requireClip(clip: Clip, caller: string): void {
  const samples = (clip as Clip | null | undefined)?.samples;
  if (!types.isFloat32Array(samples)) {
    throw invalidArgument(
      'clip',
      `${caller}: expected a Clip; create one with loadClip() or createClip().`,
    );
  }
  const { length } = createClip(samples, clip.sampleRate);
  if (clip.length !== length) {
    throw invalidArgument(
      'clip',
      `${caller}: the length of the clip is ${clip.length}, but it has ${length} samples.`,
    );
  }
}

/**
 * The mean of the channels, sample by sample.
 *
 * @param channels one or more arrays of equal length [n]
 * @returns [n], always a new array
 * @throws FewSoundError AUDIO_EMPTY for no channels; SHAPE_MISMATCH for channels of unequal length
 */
export function mixDown(channels: readonly Float32Array[]): Float32Array {
  const [first] = channels;
  if (first === undefined) {
    throw new FewSoundError('AUDIO_EMPTY', 'mixDown: expected at least one channel.', {
      field: 'channels',
    });
  }
  const sum = Float64Array.from(first);
  for (const channel of channels.slice(1)) {
    if (channel.length !== first.length) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `mixDown: expected channels of equal length, got ${first.length} and ${channel.length} samples.`,
        { shapes: channels.map(({ length }) => [length]) },
      );
    }
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (channel[i] as number);
  }
  return Float32Array.from(sum, (value) => value / channels.length);
}

function pickChannel(
  channels: readonly Float32Array[],
  channel: 'mix' | number,
  name: string,
): Float32Array {
  if (channel === 'mix')
    return channels.length === 1 ? (channels[0] as Float32Array) : mixDown(channels);
  const picked = channels[channel];
  if (picked === undefined) {
    throw invalidArgument(
      'channel',
      `channel is ${channel}, but ${name} has ${channels.length} ` +
        `(0 to ${channels.length - 1}); choose one of them or 'mix'.`,
    );
  }
  return picked;
}

function makeClip(samples: Float32Array, sampleRate: number, source?: string): Clip {
  const { length } = samples;
  const clip = { samples, sampleRate, length, duration: length / sampleRate };
  return Object.freeze(source === undefined ? clip : { ...clip, source });
}
