import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { type DecodedAudio, decodePcm, type PcmFormat } from './decoded-audio.js';
import { isHarmless } from './tags.js';

const formatTags = new Map([
  [1, 'integer'],
  [3, 'float'],
] as const);

const otherTags = new Map([
  [0x0002, 'Microsoft ADPCM'],
  [0x0006, 'A-law'],
  [0x0007, 'mu-law'],
  [0x0011, 'IMA ADPCM'],
  [0x0055, 'MP3'],
]);

const extensibleTag = 0xfffe;

interface WavFormat extends PcmFormat {
  readonly sampleRate: number;
}

interface WavLayout extends WavFormat {
  readonly dataStart: number;
  readonly dataSize: number;
}

/**
 * Decodes a WAV file: PCM of 8 (unsigned), 16, 24, 32 bits and float of 32, 64 bits, plain or
 * WAVE_FORMAT_EXTENSIBLE.
 *
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT when the header and the content do not agree
 */
export function decodeWav(bytes: Uint8Array, name: string): DecodedAudio {
  const layout = readLayout(bytes, name);
  const { dataStart, dataSize, sampleRate } = layout;
  const data = bytes.subarray(dataStart, dataStart + dataSize);
  return { channels: decodePcm(data, layout), sampleRate };
}

/**
 * Walks all chunks, so that a length that does not add up anywhere is noticed. The length in the
 * RIFF header is ignored: programs that write into a pipe never fill it in, and the chunks say the
 * same.
 */
function readLayout(bytes: Uint8Array, name: string): WavLayout {
  const view = viewOf(bytes);
  let format: WavFormat | undefined;
  let data: { start: number; size: number } | undefined;

  let position = 12;
  while (position + 8 <= bytes.length) {
    // Chunks begin at even offsets; some writers forget the byte between.
    if (position % 2 === 1 && chunkId(bytes, position) === null) position++;
    const id = chunkId(bytes, position);
    if (data !== undefined && (id === null || isHarmless(bytes, position))) break;
    if (id === null) {
      throw formatError(
        name,
        `expected a chunk at byte ${position}, going by the lengths in its WAV header: the header is ` +
          'wrong or the file is damaged.',
      );
    }
    const size = view.getUint32(position + 4, true);
    const start = position + 8;
    if (isWavStart(bytes, position)) break;
    if (start + size > bytes.length) throw cutShort(name, id, size, bytes.length - start);
    if (id === 'fmt ') format = readFormat(view, start, size, name);
    if (id === 'data') {
      if (data !== undefined) {
        throw formatError(
          name,
          `it has a second 'data' chunk at byte ${position}; expected one. Convert it, for example ` +
            'with `sox in.wav out.wav`.',
        );
      }
      data = { start, size };
    }
    position = start + size;
  }

  if (data === undefined) throw formatError(name, missingChunk('data', bytes.length));
  if (format === undefined) throw formatError(name, missingChunk('fmt', bytes.length));
  const frame = format.channels * format.width;
  requireNoMore(bytes, position, frame, name);
  if (data.size % frame !== 0) {
    throw formatError(
      name,
      `its audio data is ${data.size} bytes, which is not a whole number of ${frame}-byte sample ` +
        'frames. The file is cut short or its header is wrong.',
    );
  }
  return { ...format, dataStart: data.start, dataSize: data.size };
}

function readFormat(view: DataView, start: number, size: number, name: string): WavFormat {
  if (size < 16)
    throw formatError(name, `its WAV format chunk has ${size} bytes; expected 16 or more.`);
  let tag = view.getUint16(start, true);
  if (tag === extensibleTag) {
    if (size < 40) {
      throw formatError(name, `its extensible WAV format chunk has ${size} bytes; expected 40.`);
    }
    tag = view.getUint16(start + 24, true); // the sub-format GUID begins with the plain tag
  }
  const encoding = formatTags.get(tag as 1 | 3);
  if (encoding === undefined) {
    const known = otherTags.get(tag) ?? `format tag 0x${tag.toString(16)}`;
    throw formatError(
      name,
      `it is a WAV with ${known}; fewsound reads WAV with integer or float PCM. ` +
        'Convert it, for example with `ffmpeg -i in.wav -c:a pcm_s16le out.wav`.',
    );
  }
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const blockAlign = view.getUint16(start + 12, true);
  const bits = view.getUint16(start + 14, true);
  const widths = encoding === 'float' ? [4, 8] : [1, 2, 3, 4];
  const width = Math.ceil(bits / 8);
  if (
    channels === 0 ||
    sampleRate === 0 ||
    !widths.includes(width) ||
    blockAlign !== channels * width
  ) {
    throw formatError(
      name,
      `its WAV header is invalid: ${channels} channels, ${sampleRate} Hz, ${bits}-bit ` +
        `${encoding} samples, ${blockAlign} bytes a frame.`,
    );
  }
  return { encoding, channels, sampleRate, width, littleEndian: true };
}

/** Tags, zeros and less than one frame may follow the last chunk, but no more audio. */
function requireNoMore(bytes: Uint8Array, from: number, frame: number, name: string): void {
  for (let at = from; at + 12 <= bytes.length; at++) {
    if (!isWavStart(bytes, at)) continue;
    throw formatError(
      name,
      `a second WAV file starts at byte ${at}. Split the two, or convert each separately.`,
    );
  }
  const afterPadding = from + (from % 2);
  const harmless = isHarmless(bytes, from) || isHarmless(bytes, afterPadding);
  if (harmless || bytes.length - afterPadding < frame) return;
  throw formatError(
    name,
    `${bytes.length - from} bytes follow its last chunk (byte ${from}): the lengths in its WAV ` +
      'header are wrong or the file is damaged.',
  );
}

function isWavStart(bytes: Uint8Array, position: number): boolean {
  return hasText(bytes, 'RIFF', position) && hasText(bytes, 'WAVE', position + 8);
}

function cutShort(name: string, id: string, size: number, available: number): Error {
  const what = id === 'data' ? 'audio' : `its '${id.trimEnd()}' chunk`;
  return formatError(
    name,
    `its WAV header promises ${size} bytes of ${what}, but ${Math.max(0, available)} follow. ` +
      'The file is cut short, or was written by a program that never filled in the length.',
  );
}

function missingChunk(id: string, length: number): string {
  return (
    `it is a WAV of ${length} bytes without a '${id}' chunk: ` +
    'the file is cut short or incomplete.'
  );
}

/** The four printable characters that name a chunk, or null where there are none. */
function chunkId(bytes: Uint8Array, position: number): string | null {
  const id = String.fromCharCode(...bytes.subarray(position, position + 4));
  return /^[\x20-\x7e]{4}$/.test(id) ? id : null;
}
