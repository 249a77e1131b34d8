import { z } from 'zod';
import { FewSoundError } from '../errors.js';
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
   * Triangular dither of two steps peak to peak before rounding to 16 or 24 bits (default false). It
   * turns rounding distortion into noise that does not follow the signal. The noise is the same in
   * every run, so the same audio gives the same file. Float needs none and ignores it.
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
 * @throws FewSoundError AUDIO_EMPTY for no samples; INVALID_ARGUMENT for a NaN or infinite sample, a
 *   bad rate or option, or more audio than a WAV file holds (4 GiB); SHAPE_MISMATCH for channels of
 *   unequal length
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
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `the audio takes ${dataSize} bytes; a wav file holds at most ${maxDataBytes}. ` +
        'Write it in parts.',
      { field: 'samples' },
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
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${channels.length} channels; a wav file has 1 to 65535.`,
      { field: 'channels' },
    );
  }
  for (const [index, samples] of channels.entries()) {
    const what = `wav channel ${index}`;
    requireAudio(samples, what);
    if (samples.length !== frames) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `channel 0 has ${frames} samples and channel ${index} has ${samples.length}; expected ` +
          'equal lengths.',
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
  const quantise = (value: number): number =>
    Math.max(-scale, Math.min(scale - 1, Math.round(value * scale + noise())));
  if (bitDepth === 16) return (offset, value) => view.setInt16(offset, quantise(value), true);
  return (offset, value) => {
    const step = quantise(value);
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

/** Everything before the samples. A header of float audio must have a `fact` chunk, PCM need not. */
function encodeHeader({ channels, sampleRate, bitDepth, frames }: WavShape): Uint8Array {
  const isFloat = bitDepth === 32;
  const isExtensible = channels > 2;
  const formatSize = isExtensible ? 40 : isFloat ? 18 : 16;
  const factSize = isFloat ? 12 : 0;
  const frameBytes = channels * (bitDepth / 8);
  const dataSize = frames * frameBytes;
  const header = new Uint8Array(12 + 8 + formatSize + factSize + 8);
  const view = new DataView(header.buffer);
  let position = 0;
  const text = (value: string): void => {
    for (const character of value) view.setUint8(position++, character.charCodeAt(0));
  };
  const u16 = (value: number): void => {
    view.setUint16(position, value, true);
    position += 2;
  };
  const u32 = (value: number): void => {
    view.setUint32(position, value, true);
    position += 4;
  };

  text('RIFF');
  u32(header.length - 8 + dataSize + (dataSize % 2));
  text('WAVE');
  text('fmt ');
  u32(formatSize);
  const tag = isFloat ? 3 : 1;
  u16(isExtensible ? 0xfffe : tag);
  u16(channels);
  u32(sampleRate);
  u32(sampleRate * frameBytes);
  u16(frameBytes);
  u16(bitDepth);
  if (isExtensible) {
    u16(22);
    u16(bitDepth); // valid bits
    u32(0); // no channel has a place: the order is all there is to know
    u16(tag);
    header.set([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71], position);
    position += 14;
  } else if (isFloat) {
    u16(0);
  }
  if (isFloat) {
    text('fact');
    u32(4);
    u32(frames);
  }
  text('data');
  u32(dataSize);
  return header;
}

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
