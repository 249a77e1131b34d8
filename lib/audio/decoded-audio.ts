import { formatError } from './checks.js';

/** Sound as it comes out of a decoder. */
export interface DecodedAudio {
  /** One array [n] for each channel; full scale is [-1, 1]. */
  readonly channels: Float32Array[];
  /** Hz. */
  readonly sampleRate: number;
}

/**
 * The parts of a file one after the other.
 *
 * @internal
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

/** @internal */
export function joinSamples(pieces: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const piece of pieces) {
    samples.set(piece, position);
    position += piece.length;
  }
  return samples;
}

/**
 * The error for a stream that becomes another one on its way.
 *
 * @internal
 */
export function changeError(name: string, from: string, to: string, at: number): Error {
  return formatError(
    name,
    `its sound changes from ${from} to ${to} after ${at.toFixed(2)} s. Split it there, or convert ` +
      'it to one form, for example with `ffmpeg -i in -ar 44100 -ac 1 out.wav`.',
  );
}

/** @internal */
function form({ channels, sampleRate }: DecodedAudio): string {
  return formText(sampleRate, channels.length);
}

/** @internal */
export function formText(sampleRate: number, channels: number): string {
  return `${sampleRate} Hz, ${channels} channel${channels === 1 ? '' : 's'}`;
}

function seconds(parts: readonly DecodedAudio[], count: number): number {
  return parts
    .slice(0, count)
    .reduce((sum, { channels, sampleRate }) => sum + (channels[0]?.length ?? 0) / sampleRate, 0);
}
