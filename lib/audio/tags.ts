import { hasText, viewOf } from './bytes.js';

/**
 * Tags that programs put before or after a recording, whatever its format: ID3v1 and v2, APEv2,
 * Lyrics3. They are not audio.
 */

/** Where the tags that start at `from` end; `from` where there are none. */
export function skipTags(bytes: Uint8Array, from = 0): number {
  let position = from;
  for (let size = tagSize(bytes, position); size > 0; size = tagSize(bytes, position)) {
    position += size;
  }
  return position;
}

/** Where the tags at the end of a file start; the file's length where there are none. */
export function tagsAtEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  for (let size = endTagSize(bytes, end); size > 0; size = endTagSize(bytes, end)) end -= size;
  return end;
}

/** Whether only tags, whole or not, or zeros follow from `position` on. */
export function isHarmless(bytes: Uint8Array, position: number): boolean {
  const rest = bytes.subarray(skipTags(bytes, position), tagsAtEnd(bytes));
  const isTag = ['ID3', 'TAG', 'APETAGEX', 'LYRICS'].some((tag) => hasText(rest, tag, 0));
  return isTag || rest.every((byte) => byte === 0);
}

function tagSize(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[at + index] as number;
  if (hasText(bytes, 'ID3', at) && at + 10 <= bytes.length) {
    const footer = (byte(5) & 0x10) !== 0 ? 10 : 0;
    return 10 + ((byte(6) << 21) | (byte(7) << 14) | (byte(8) << 7) | byte(9)) + footer;
  }
  if (hasText(bytes, 'APETAGEX', at) && at + 32 <= bytes.length) {
    // The size is that of the items and the footer; some programs count the header, and write no
    // footer.
    const size = viewOf(bytes).getUint32(at + 12, true);
    return hasText(bytes, 'APETAGEX', at + size) ? size + 32 : Math.max(size, 32);
  }
  if (hasText(bytes, 'LYRICSBEGIN', at)) {
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const ends = ['LYRICS200', 'LYRICSEND']
      .map((word) => rest.indexOf(word))
      .filter((end) => end > 0);
    return ends.length === 0 ? 0 : Math.min(...ends) + 9;
  }
  if (hasText(bytes, 'TAG', at)) return hasText(bytes, 'TAG+', at) ? 227 : 128;
  return 0;
}

function endTagSize(bytes: Uint8Array, end: number): number {
  const size = (): number => {
    if (hasText(bytes, 'TAG', end - 128)) return hasText(bytes, 'TAG+', end - 355) ? 355 : 128;
    if (hasText(bytes, 'APETAGEX', end - 32)) {
      const header = (viewOf(bytes).getUint32(end - 12, true) & 0x8000_0000) !== 0 ? 32 : 0;
      return viewOf(bytes).getUint32(end - 20, true) + header;
    }
    if (hasText(bytes, 'LYRICS200', end - 9)) {
      const digits = String.fromCharCode(...bytes.subarray(end - 15, end - 9));
      return /^\d{6}$/.test(digits) ? Number(digits) + 15 : 0;
    }
    if (hasText(bytes, 'LYRICSEND', end - 9)) {
      const begin = Buffer.from(bytes.buffer, bytes.byteOffset, end).lastIndexOf('LYRICSBEGIN');
      return begin < 0 ? 0 : end - begin;
    }
    if (hasText(bytes, '3DI', end - 10)) {
      const byte = (index: number): number => bytes[end - 10 + index] as number;
      return 20 + ((byte(6) << 21) | (byte(7) << 14) | (byte(8) << 7) | byte(9));
    }
    return 0;
  };
  const found = size();
  return found <= end ? found : 0;
}
