/** What the first bytes of a file say it is. */

/** Formats that `readAudio` decodes. */
export type AudioFormat = 'wav' | 'au' | 'flac' | 'mp3' | 'vorbis' | 'opus';

/** A format we decode, or the name of what the content is instead. */
export type SniffedContent =
  | { readonly format: AudioFormat; readonly ogg: boolean }
  | { readonly format: null; readonly found: string };

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
 * Tells what a file holds by its content; the name plays no part.
 *
 * @internal
 */
export function sniffContent(bytes: Uint8Array): SniffedContent {
  if (hasText(bytes, 'RIFF', 0) && hasText(bytes, 'WAVE', 8)) return { format: 'wav', ogg: false };
  if (hasText(bytes, '.snd', 0)) return { format: 'au', ogg: false };
  if (hasText(bytes, 'OggS', 0)) return sniffOgg(bytes);
  const start = skipId3(bytes);
  if (hasText(bytes, 'fLaC', start)) return { format: 'flac', ogg: false };
  for (const [magic, offset, found] of otherContents) {
    if (hasText(bytes, magic, offset)) return { format: null, found };
  }
  if (start > 0 || looksLikeMpeg(bytes)) return { format: 'mp3', ogg: false };
  return { format: null, found: describeUnknown(bytes) };
}

/**
 * Whether the bytes at `offset` spell `text` (one byte a character).
 *
 * @internal
 */
export function hasText(bytes: Uint8Array, text: string, offset: number): boolean {
  if (offset + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Length of the ID3v2 tags at the head of a file, 0 when there is none.
 *
 * @internal
 */
export function skipId3(bytes: Uint8Array, from = 0): number {
  let position = from;
  while (hasText(bytes, 'ID3', position) && position + 10 <= bytes.length) {
    const byte = (index: number): number => bytes[position + index] as number;
    const size = (byte(6) << 21) | (byte(7) << 14) | (byte(8) << 7) | byte(9);
    const footer = (byte(5) & 0x10) !== 0 ? 10 : 0;
    position += 10 + size + footer;
  }
  return position;
}

function sniffOgg(bytes: Uint8Array): SniffedContent {
  // The first packet follows the page header: 27 bytes and one byte for each segment.
  const packet = 27 + (bytes[26] ?? 0);
  if (hasText(bytes, '\x01vorbis', packet)) return { format: 'vorbis', ogg: true };
  if (hasText(bytes, 'OpusHead', packet)) return { format: 'opus', ogg: true };
  if (hasText(bytes, '\x7fFLAC', packet)) return { format: 'flac', ogg: true };
  if (hasText(bytes, 'Speex', packet)) return { format: null, found: 'Speex audio in Ogg' };
  if (hasText(bytes, '\x80theora', packet)) return { format: null, found: 'Theora video in Ogg' };
  return { format: null, found: 'an Ogg file without a Vorbis, Opus or FLAC stream first' };
}

/** An MPEG sync word, and nothing else that begins with the same bits (a UTF-16 byte order mark). */
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
