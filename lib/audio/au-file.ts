import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import type { DecodedAudio } from './decoded-audio.js';
import { isHarmless } from './tags.js';

/** Reads one sample, big-endian, full scale [-1, 1). */
type SampleReader = (view: DataView, offset: number) => number;

/** Encodings by their number in the header, with the bytes of a sample. */
const encodings = new Map<number, readonly [width: number, read: SampleReader]>([
  [2, [1, (view, offset) => view.getInt8(offset) / 0x80]],
  [3, [2, (view, offset) => view.getInt16(offset) / 0x8000]],
  [
    4,
    [3, (view, offset) => ((view.getInt8(offset) << 16) | view.getUint16(offset + 1)) / 0x80_0000],
  ],
  [5, [4, (view, offset) => view.getInt32(offset) / 0x8000_0000]],
  [6, [4, (view, offset) => view.getFloat32(offset)]],
  [7, [8, (view, offset) => view.getFloat64(offset)]],
]);

const HEADER = 24;
/** What a writer puts that does not know the length. */
const UNKNOWN_SIZE = 0xffff_ffff;

/**
 * Decodes an AU (Sun, NeXT) file: linear PCM of 8, 16, 24, 32 bits and float of 32, 64. GTZAN comes
 * in it.
 *
 * @internal
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT when the header and the content do not agree
 */
export function decodeAu(bytes: Uint8Array, name: string): DecodedAudio {
  if (bytes.length < HEADER) {
    throw formatError(name, `it has ${bytes.length} bytes, too few for an au header.`);
  }
  const view = viewOf(bytes);
  const [start, size, encoding, sampleRate, count] = [4, 8, 12, 16, 20].map((at) =>
    view.getUint32(at),
  ) as [number, number, number, number, number];
  const known = encodings.get(encoding);
  if (known === undefined) {
    throw formatError(
      name,
      `it is an au file with encoding ${encoding} inside; fewsound reads linear and float PCM (2 to 7). ` +
        'Convert it, for example with `ffmpeg -i in.au out.wav`.',
    );
  }
  if (start < HEADER || count === 0 || count > 256 || sampleRate === 0) {
    throw formatError(
      name,
      `its au header makes no sense: ${count} channels, ${sampleRate} Hz, data from byte ${start}.`,
    );
  }
  const available = Math.max(0, bytes.length - start);
  const announced = size === UNKNOWN_SIZE ? available : size;
  const [width, read] = known;
  const frame = width * count;
  if (announced > available || announced % frame !== 0) {
    throw formatError(
      name,
      `its au header announces ${announced} bytes of audio in frames of ${frame}, but ${available} follow. ` +
        'The file is cut short or its header is wrong.',
    );
  }
  const end = start + announced;
  if (bytes.length - end >= frame && !isHarmless(bytes, end)) {
    throw formatError(
      name,
      hasText(bytes, '.snd', end)
        ? `a second au file begins in it at byte ${end}. Split them, or convert each by itself.`
        : `${bytes.length - end} bytes follow the end that its au header announces (byte ${end}). ` +
            'The header gives a wrong length.',
    );
  }
  const frames = announced / frame;
  const channels = Array.from({ length: count }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, i) =>
      read(view, start + i * frame + channel * width),
    ),
  );
  return { channels, sampleRate };
}
