import { z } from 'zod';
import { FewSoundError, invalidArgument } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { parseOptions } from '../options.js';
import { requireAudio, requireRate } from './checks.js';
import type { Clip } from './clip.js';

/** What can be written: a clip, or channels of equal length (a `Recording` fits). */
export type WavSource =
  | Pick<Clip, 'samples' | 'sampleRate'>
  | { readonly channels: readonly Float32Array[]; readonly sampleRate: number };

export interface WavOptions {
  /** 16 or 24: integer PCM; 32: float. Default 16. */
  bitDepth?: 16 | 24 | 32;
  /**
   * Triangular dither of two steps peak to peak before rounding to 16 or 24 bits (default false).
   * It turns rounding distortion into noise that does not follow the signal. The noise is the same
   * in every run, so the same audio gives the same file. Float needs none and ignores it.
   */
  dither?: boolean;
}

const optionsSchema = z.strictObject({
  bitDepth: z.literal([16, 24, 32]).default(16),
  dither: z.boolean().default(false),
});

/** Header sizes count in 32 bits. */
const maxDataBytes = 0xffff_ffff - 128;

/**
 * Writes a WAV file: 16- or 24-bit integer or 32-bit float PCM. The file appears whole or not at
 * all. Integers are the amplitude times 2^(bits-1), rounded to the nearest and limited to the
 * largest step: amplitudes outside [-1, 1) are clipped. Float keeps every value as it is.
 *
 * @throws FewSoundError what {@link encodeWav} throws; IO when the file cannot be written
 */
export async function writeWav(
  path: string,
  audio: WavSource,
  options: WavOptions = {},
): Promise<void> {
  await writeFileAtomic(path, [encodeWav(audio, options)]);
}

/**
 * The bytes of a WAV file; see {@link writeWav}. More than two channels need, and get, the
 * WAVE_FORMAT_EXTENSIBLE header; fewer get the plain one, which every program reads.
 *
 * @throws FewSoundError AUDIO_EMPTY for no samples; INVALID_ARGUMENT for a NaN or infinite sample,
 *   a bad rate or option, or more audio than a WAV file holds (4 GiB); SHAPE_MISMATCH for channels
 *   of unequal length
 */
export function encodeWav(audio: WavSource, options: WavOptions = {}): Uint8Array {
  const { bitDepth, dither } = parseOptions(optionsSchema, options, 'wav options');
  const { sampleRate } = audio;
  const channels = 'channels' in audio ? audio.channels : [audio.samples];
  requireRate(sampleRate, 'sampleRate');
  const frames = checkChannels(channels);

  const width = bitDepth / 8;
  const dataSize = frames * channels.length * width;
  if (dataSize > maxDataBytes) {
    throw invalidArgument(
      'samples',
      `the audio takes ${dataSize} bytes; a WAV file holds at most ${maxDataBytes}. Split it.`,
    );
  }
  const header = encodeHeader({ channels: channels.length, sampleRate, bitDepth, frames });
  const bytes = new Uint8Array(header.length + dataSize + (dataSize % 2));
  bytes.set(header);
  const view = new DataView(bytes.buffer, header.length);
  const put = sampleWriter(view, bitDepth, dither ? triangularNoise() : () => 0);
  let offset = 0;
  for (let i = 0; i < frames; i++) {
    for (const samples of channels) {
      put(offset, samples[i] as number);
      offset += width;
    }
  }
  return bytes;
}

function checkChannels(channels: readonly Float32Array[]): number {
  const frames = channels[0]?.length;
  if (frames === undefined || channels.length > 0xffff) {
    throw invalidArgument('channels', `expected 1 to 65535 channels, got ${channels.length}.`);
  }
  for (const [index, samples] of channels.entries()) {
    const what = `wav channel ${index}`;
    requireAudio(samples, what);
    if (samples.length !== frames) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `expected channels of equal length, but channel 0 has ${frames} samples and channel ` +
          `${index} has ${samples.length}.`,
        { shapes: channels.map(({ length }) => [length]) },
      );
    }
  }
  return frames;
}

function sampleWriter(
  view: DataView,
  bitDepth: 16 | 24 | 32,
  noise: () => number,
): (offset: number, value: number) => void {
  if (bitDepth === 32) return (offset, value) => view.setFloat32(offset, value, true);
  const scale = 2 ** (bitDepth - 1);
  const quantize = (value: number): number =>
    Math.max(-scale, Math.min(scale - 1, Math.round(value * scale + noise())));
  if (bitDepth === 16) return (offset, value) => view.setInt16(offset, quantize(value), true);
  return (offset, value) => {
    const step = quantize(value);
    view.setUint16(offset, step & 0xffff, true);
    view.setInt8(offset + 2, step >> 16);
  };
}

interface WavShape {
  readonly channels: number;
  readonly sampleRate: number;
  readonly bitDepth: 16 | 24 | 32;
  readonly frames: number;
}

/**
 * Everything before the samples. A header of float audio must have a `fact` chunk, PCM need not.
 */
function encodeHeader({ channels, sampleRate, bitDepth, frames }: WavShape): Uint8Array {
  const isFloat = bitDepth === 32;
  const isExtensible = channels > 2;
  const frameBytes = channels * (bitDepth / 8);
  const dataSize = frames * frameBytes;
  const tag = isFloat ? 3 : 1;
  const format = [
    ...u16(isExtensible ? 0xfffe : tag, channels),
    ...u32(sampleRate, sampleRate * frameBytes),
    ...u16(frameBytes, bitDepth),
  ];
  if (isExtensible) {
    // Valid bits; then no channel has a place: the order is all there is to know.
    format.push(...u16(22, bitDepth), ...u32(0), ...u16(tag));
    format.push(0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71);
  } else if (isFloat) {
    format.push(...u16(0));
  }
  const chunks = [
    ...text('WAVEfmt '),
    ...u32(format.length),
    ...format,
    ...(isFloat ? [...text('fact'), ...u32(4, frames)] : []),
    ...text('data'),
    ...u32(dataSize),
  ];
  const size = chunks.length + dataSize + (dataSize % 2);
  return Uint8Array.from([...text('RIFF'), ...u32(size), ...chunks]);
}

const text = (value: string) => Buffer.from(value, 'latin1');
const u16 = (...values: number[]) => values.flatMap((value) => [value & 0xff, value >>> 8]);
const u32 = (...values: number[]) => values.flatMap((value) => u16(value & 0xffff, value >>> 16));

/** The sum of two uniform numbers, in (-1, 1), from a generator with a fixed seed (xorshift32). */
function triangularNoise(): () => number {
  let state = 0x9e37_79b9;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 32; // [-1/2, 1/2)
  };
  return () => uniform() + uniform();
}
