import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { FewSoundError, invalidArgument } from '../errors.js';
import { withFile } from '../files.js';
import { decodeAu } from './au-file.js';
import { hasText } from './bytes.js';
import { formatError, requireFinite } from './checks.js';
import type { DecodedAudio } from './decoded-audio.js';
import { decodeFlac, isFlacStart } from './flac-stream.js';
import { decodeMp3, isMpegStart } from './mpeg-frames.js';
import { decodeOgg } from './ogg-file.js';
import { skipTags } from './tags.js';
import { decodeWav } from './wav-file.js';

/** Formats that `readAudio` decodes. */
export type AudioFormat = 'wav' | 'au' | 'flac' | 'mp3' | 'vorbis' | 'opus';

/** What a file is, or the name of its content where that is not audio. */
type SniffedContent =
  | { readonly container: 'wav' | 'au' | 'flac' | 'mp3' | 'ogg'; readonly start: number }
  | { readonly container: null; readonly found: string };

/** How far after the tags audio may start, past bytes that mean nothing. */
const maxStrayBytes = 0x1_0000;

const otherContents: readonly (readonly [magic: string, offset: number, found: string])[] = [
  ['RIFX', 0, 'a big-endian wav (RIFX)'],
  ['RF64', 0, 'a 64-bit wav (RF64)'],
  ['BW64', 0, 'a 64-bit wav (BW64)'],
  ['RIFF', 0, 'a RIFF file that is not a wav'],
  ['FORM', 0, 'AIFF audio'],
  ['caff', 0, 'CAF audio'],
  ['ftyp', 4, 'MP4 or M4A audio'],
  ['\x1aE\xdf\xa3', 0, 'WebM or Matroska'],
  ['wvpk', 0, 'WavPack audio'],
  ['MAC ', 0, "Monkey's Audio"],
  ['\xff\xf1', 0, 'AAC audio'],
  ['\xff\xf9', 0, 'AAC audio'],
  ['\xff\xfd', 0, 'MPEG Layer II audio'],
  ['\xff\xfe', 0, 'UTF-16 text'],
  ['#!AMR', 0, 'AMR audio'],
  ['NIST_1A', 0, 'NIST SPHERE audio'],
  ['\x89PNG', 0, 'a PNG image'],
  ['\xff\xd8\xff', 0, 'a JPEG image'],
  ['GIF8', 0, 'a GIF image'],
  ['%PDF', 0, 'a PDF document'],
  ['PK\x03\x04', 0, 'a ZIP archive'],
  ['\x1f\x8b', 0, 'a gzip archive'],
  ['version https://git-lfs', 0, 'a Git LFS pointer (run `git lfs pull` to get the file itself)'],
];

/**
 * Identifies a file by its content, not its name, and finds where the audio starts behind tags and
 * stray bytes.
 */
function sniffContent(bytes: Uint8Array): SniffedContent {
  const start = skipTags(bytes);
  const content = start === 0 ? bytes : bytes.subarray(start);
  if (hasText(content, 'RIFF', 0) && hasText(content, 'WAVE', 8))
    return { container: 'wav', start };
  if (hasText(content, '.snd', 0)) return { container: 'au', start };
  if (hasText(content, 'OggS', 0)) return { container: 'ogg', start };
  if (hasText(content, 'fLaC', 0)) return { container: 'flac', start };
  for (const [magic, offset, found] of otherContents) {
    if (hasText(content, magic, offset)) return { container: null, found };
  }
  if (looksLikeMpeg(content)) return { container: 'mp3', start };
  // Inside the tags as well: their sizes may be wrong.
  for (let at = 0; at < Math.min(start + maxStrayBytes, bytes.length); at++) {
    if (isFlacStart(bytes, at)) return { container: 'flac', start: at };
    if (bytes[at] === 0xff && isMpegStart(bytes, at)) return { container: 'mp3', start: at };
  }
  if (start > 0) return { container: 'mp3', start };
  return { container: null, found: describeUnknown(bytes) };
}

/** An MPEG sync word, and not a UTF-16 byte order mark, which starts with the same bits. */
function looksLikeMpeg(bytes: Uint8Array): boolean {
  const [first, second = 0, third = 0] = bytes;
  const layer3 = (second & 0x06) === 0x02;
  return first === 0xff && (second & 0xe0) === 0xe0 && layer3 && (third & 0xf0) !== 0xf0;
}

function describeUnknown(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 512);
  if (head.every((byte) => byte === 0)) return 'nothing but zero bytes at its head';
  const isText = head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
  if (isText) {
    const text = new TextDecoder().decode(head).trimStart();
    if (text.startsWith('<')) return 'HTML or XML text';
    if (text.startsWith('{') || text.startsWith('[')) return 'JSON text';
    return 'plain text';
  }
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'));
  return `data of an unknown kind (it begins with ${hex.join(' ')})`;
}

/** A path, a `file:` URL, or the bytes of a file. */
export type AudioSource = string | URL | Uint8Array | ArrayBuffer;

/** A decoded file, as it is: its own rate, its own channels, its own level. */
export interface Recording {
  /** One array [n] for each channel; full scale is [-1, 1]. */
  readonly channels: Float32Array[];
  /** Samples per second, Hz. */
  readonly sampleRate: number;
  readonly format: AudioFormat;
  /** The path it was read from; absent for bytes. */
  readonly source?: string;
}

/**
 * Decodes a wav (integer PCM of 8, 16, 24, 32 bits, float of 32, 64), au (the same), flac, mp3, or
 * an ogg with vorbis, opus or flac. Opus is always decoded at 48 kHz, the rate of the codec.
 * Channels are in the file's own order, which for six of them is the codec's (vorbis and opus:
 * left, center, right, ...; flac and wav: left, right, center, ...).
 *
 * The content decides about the format, not the name: an MP3 called `speech.wav` is decoded as an
 * MP3. Tags and stray bytes around the audio are ignored, and so is what runs beside it in an ogg
 * file (a Skeleton, video). Files that were appended to each other are decoded one after the other,
 * each as it would be alone, where their format allows that (ogg, mp3).
 *
 * A file is decoded whole or refused: lengths in headers, checksums, numbers and timestamps of Ogg
 * pages, frames of MP3, frames, sample count and MD5 of FLAC must all agree with the content. Also
 * refused are files whose rate or number of channels changes on the way, a second wav, au or flac
 * file after the first, and MP3 in free format. (Not noticed: an MP3 without an information frame
 * cut exactly between two frames, a cut FLAC whose encoder did not know the length, and a change
 * inside a frame of MP3.) Integers are divided by 2^(bits-1), so 16-bit wav and flac of the same
 * audio are equal to the bit.
 *
 * Decoding happens on the calling thread, some hundred times faster than the audio plays.
 *
 * @throws FewSoundError FILE_NOT_FOUND; IO when it cannot be read; FILE_FORMAT when it is empty,
 *   cut short, damaged or of another kind; AUDIO_EMPTY when it holds no samples; INVALID_ARGUMENT
 *   when a sample is NaN or infinite (float wav), or the source is of another type
 */
export async function readAudio(source: AudioSource): Promise<Recording> {
  const path = sourcePath(source);
  const name = path ?? 'audio bytes';
  const bytes = path === null ? new Uint8Array(source as Uint8Array) : await readBytes(path);
  if (bytes.length === 0) throw formatError(name, 'the file is empty (0 bytes).');

  const content = sniffContent(bytes);
  if (content.container === null) {
    throw formatError(
      name,
      `it is ${content.found}, not audio that fewsound reads (wav, au, flac, mp3, ogg vorbis, opus). ` +
        'Convert it to one of these, or check that this is the right file.',
    );
  }
  const { channels, sampleRate, format } = await decode(bytes, content, name);
  if ((channels[0]?.length ?? 0) === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${name}: the file contains no audio samples.`);
  }
  for (const [index, samples] of channels.entries()) {
    requireFinite(samples, channels.length === 1 ? name : `${name}, channel ${index}`);
  }
  const recording = { channels, sampleRate, format };
  return path === null ? recording : { ...recording, source: path };
}

async function decode(
  bytes: Uint8Array,
  { container, start }: SniffedContent & { container: string },
  name: string,
): Promise<DecodedAudio & { readonly format: AudioFormat }> {
  const content = start === 0 ? bytes : bytes.subarray(start);
  switch (container) {
    case 'wav':
      return { ...decodeWav(content, name), format: 'wav' };
    case 'au':
      return { ...decodeAu(content, name), format: 'au' };
    case 'flac':
      return { ...decodeFlac(content, name), format: 'flac' };
    case 'mp3':
      return { ...(await decodeMp3(bytes, start, name)), format: 'mp3' };
    case 'ogg':
      return decodeOgg(content, name);
  }
}

/** The path of a source, null for bytes. */
function sourcePath(source: AudioSource): string | null {
  if (typeof source === 'string') return source;
  if (source instanceof URL) {
    // A host in the URL means another machine.
    if (source.protocol === 'file:' && source.host === '') return fileURLToPath(source);
    throw invalidArgument(
      'source',
      `${source.href} is not a local file: URL. Download the file, or pass its bytes.`,
    );
  }
  if (types.isUint8Array(source) || types.isArrayBuffer(source)) return null;
  throw invalidArgument(
    'source',
    `the audio source is a ${typeof source}; expected a path, a file: URL, a Uint8Array or ` +
      'an ArrayBuffer with the bytes of a file.',
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  return withFile(path, async (file) => {
    if (!(await file.stat()).isDirectory()) return file.readFile();
    throw formatError(path, 'it is a folder; expected an audio file.');
  });
}
