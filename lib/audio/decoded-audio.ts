import { viewOf } from './bytes.js';
import { formatError } from './checks.js';

/** Sound as it comes out of a decoder. */
export interface DecodedAudio {
  /** One array [n] for each channel; full scale is [-1, 1]. */
  readonly channels: Float32Array[];
  /** Hz. */
  readonly sampleRate: number;
}

/** How PCM is laid out: the samples of all channels, frame after frame. */
export interface PcmFormat {
  readonly encoding: 'integer' | 'float';
  /** Bytes of one sample of one channel. */
  readonly width: number;
  readonly channels: number;
  readonly littleEndian: boolean;
}

/**
 * Decodes PCM. Integers are divided by 2^(bits-1), so full scale is [-1, 1).
 *
 * @param bytes a whole number of frames
 */
export function decodePcm(bytes: Uint8Array, format: PcmFormat): Float32Array[] {
  const { width, channels: count } = format;
  const frames = bytes.length / (count * width);
  const sampleAt = sampleReader(viewOf(bytes), format);
  return Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let i = 0; i < frames; i++) samples[i] = sampleAt((i * count + channel) * width);
    return samples;
  });
}

function sampleReader(
  view: DataView,
  { encoding, width, littleEndian: little }: PcmFormat,
): (offset: number) => number {
  if (encoding === 'float') {
    return width === 4
      ? (offset) => view.getFloat32(offset, little)
      : (offset) => view.getFloat64(offset, little);
  }
  // The bytes of a WAV are unsigned, those of a big-endian AU are not.
  if (width === 1) {
    return little
      ? (offset) => (view.getUint8(offset) - 0x80) / 0x80
      : (offset) => view.getInt8(offset) / 0x80;
  }
  if (width === 2) return (offset) => view.getInt16(offset, little) / 0x8000;
  if (width === 4) return (offset) => view.getInt32(offset, little) / 0x8000_0000;
  const [high, low] = little ? [2, 0] : [0, 1];
  return (offset) =>
    ((view.getInt8(offset + high) << 16) | view.getUint16(offset + low, little)) / 0x80_0000;
}

/**
 * The parts of a file one after the other.
 *
 * @param parts one or more
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT when they differ in rate or number of channels
 */
export function joinAudio(parts: readonly DecodedAudio[], name: string): DecodedAudio {
  const [first, ...others] = parts as [DecodedAudio, ...DecodedAudio[]];
  if (others.length === 0) return first;
  for (const [i, part] of others.entries()) {
    if (form(part) !== form(first))
      throw changeError(name, form(first), form(part), seconds(parts, i + 1));
  }
  const channels = first.channels.map((_, channel) => {
    return joinSamples(parts.map(({ channels }) => channels[channel] as Float32Array));
  });
  return { channels, sampleRate: first.sampleRate };
}

export function joinSamples(pieces: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const piece of pieces) {
    samples.set(piece, position);
    position += piece.length;
  }
  return samples;
}

/** The error for a stream that changes its format on the way. */
export function changeError(name: string, from: string, to: string, at: number): Error {
  return formatError(
    name,
    `its audio changes from ${from} to ${to} after ${at.toFixed(2)} s. Split it there, or convert ` +
      'it to one format, for example with `ffmpeg -i in -ar 44100 -ac 1 out.wav`.',
  );
}

function form({ channels, sampleRate }: DecodedAudio): string {
  return formText(sampleRate, channels.length);
}

export function formText(sampleRate: number, channels: number): string {
  return `${sampleRate} Hz, ${channels} channel${channels === 1 ? '' : 's'}`;
}

function seconds(parts: readonly DecodedAudio[], count: number): number {
  return parts
    .slice(0, count)
    .reduce((sum, { channels, sampleRate }) => sum + (channels[0]?.length ?? 0) / sampleRate, 0);
}
