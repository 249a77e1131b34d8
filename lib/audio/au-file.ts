import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { type DecodedAudio, decodePcm, type PcmFormat } from './decoded-audio.js';
import { isHarmless } from './tags.js';

/** Encodings by their number in the header. */
const encodings = new Map<number, Pick<PcmFormat, 'encoding' | 'width'>>([
  [2, { encoding: 'integer', width: 1 }],
  [3, { encoding: 'integer', width: 2 }],
  [4, { encoding: 'integer', width: 3 }],
  [5, { encoding: 'integer', width: 4 }],
  [6, { encoding: 'float', width: 4 }],
  [7, { encoding: 'float', width: 8 }],
]);

const HEADER = 24;
/** What writers put that do not know the length. */
const UNKNOWN_SIZE = 0xffff_ffff;

/**
 * Decodes an AU (Sun, NeXT) file, the format of GTZAN: linear PCM of 8, 16, 24 or 32 bits, float of
 * 32 or 64.
 *
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT when the header and the content do not agree
 */
export function decodeAu(bytes: Uint8Array, name: string): DecodedAudio {
  if (bytes.length < HEADER) {
    throw formatError(name, `${bytes.length} bytes are too few for an AU header.`);
  }
  const view = viewOf(bytes);
  const [start, size, encoding, sampleRate, count] = [4, 8, 12, 16, 20].map((at) =>
    view.getUint32(at),
  ) as [number, number, number, number, number];
  const known = encodings.get(encoding);
  if (known === undefined) {
    throw formatError(
      name,
      `it is an AU file with encoding ${encoding}; fewsound reads linear and float PCM (2 to 7). ` +
        'Convert it, for example with `ffmpeg -i in.au out.wav`.',
    );
  }
  if (start < HEADER || count === 0 || count > 256 || sampleRate === 0) {
    throw formatError(
      name,
      `its AU header is invalid: ${count} channels, ${sampleRate} Hz, data from byte ${start}.`,
    );
  }
  const available = Math.max(0, bytes.length - start);
  const announced = size === UNKNOWN_SIZE ? available : size;
  const frame = known.width * count;
  if (announced > available || announced % frame !== 0) {
    throw formatError(
      name,
      `its AU header promises ${announced} bytes of audio in frames of ${frame}, but ${available} follow. ` +
        'The file is cut short or its header is wrong.',
    );
  }
  const end = start + announced;
  if (bytes.length - end >= frame && !isHarmless(bytes, end)) {
    throw formatError(
      name,
      hasText(bytes, '.snd', end)
        ? `a second AU file starts at byte ${end}. Split the two, or convert each separately.`
        : `${bytes.length - end} bytes follow the end of the audio (byte ${end}): the length in its AU ` +
            'header is wrong.',
    );
  }
  const format = { ...known, channels: count, littleEndian: false };
  return { channels: decodePcm(bytes.subarray(start, end), format), sampleRate };
}
