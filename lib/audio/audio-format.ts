import { hasText } from './bytes.js';
import { isFlacStart } from './flac-stream.js';
import { isMpegStart } from './mpeg-frames.js';
import { skipTags } from './tags.js';

/** What the first bytes of a file say it is. */

/** Formats that `readAudio` decodes. */
export type AudioFormat = 'wav' | 'au' | 'flac' | 'mp3' | 'vorbis' | 'opus';

/**
 * What a file is, or the name of what its content is instead. Ogg holds streams of several codecs.
 */
export type SniffedContent =
  | { readonly container: 'wav' | 'au' | 'flac' | 'mp3' | 'ogg'; readonly start: number }
  | { readonly container: null; readonly found: string };

/** How far behind the tags sound may begin, behind bytes that mean nothing. */
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
 * Tells what a file holds by its content, and where that begins behind tags and stray bytes; the
 * name plays no part.
 *
 * @internal
 */
export function sniffContent(bytes: Uint8Array): SniffedContent {
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

/**
 * An MPEG sync word, and nothing else that begins with the same bits (a UTF-16 byte order mark).
 */
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
