import { hasText } from './audio-format.js';
import { formatError } from './checks.js';

const headerSize = 27;
const endOfStream = 0x04;

/**
 * Checks that an Ogg file is whole: every page is there in full with the right checksum, and every
 * stream has its last page. The decoders take less than that without a word.
 *
 * @internal
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT
 */
export function checkOggPages(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open = new Set<number>();
  let position = 0;
  while (position < bytes.length) {
    if (!hasText(bytes, 'OggS', position)) {
      if (open.size === 0) return; // a tag or padding after the last page
      throw formatError(name, `there is no Ogg page at byte ${position}: the file is damaged.`);
    }
    const size = pageSize(bytes, position);
    if (size === null || position + size > bytes.length) {
      throw formatError(
        name,
        `its last Ogg page (byte ${position}) is not complete: the file is cut short.`,
      );
    }
    const page = bytes.subarray(position, position + size);
    if (checksum(page) !== view.getUint32(position + 22, true)) {
      throw formatError(
        name,
        `the Ogg page at byte ${position} has a wrong checksum: the file is damaged.`,
      );
    }
    const serial = view.getUint32(position + 14, true);
    const isLast = ((page[5] as number) & endOfStream) !== 0;
    if (isLast) open.delete(serial);
    else open.add(serial);
    position += size;
  }
  if (open.size > 0) {
    throw formatError(
      name,
      'it stops before the end-of-stream page of Ogg: the file is cut short.',
    );
  }
}

/** Bytes of the page at `position`, null when its header does not fit into the file. */
function pageSize(bytes: Uint8Array, position: number): number | null {
  const segments = bytes[position + headerSize - 1];
  if (segments === undefined || position + headerSize + segments > bytes.length) return null;
  const table = bytes.subarray(position + headerSize, position + headerSize + segments);
  return headerSize + segments + table.reduce((sum, length) => sum + length, 0);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c1_1db7 : 0);
  }
  return remainder;
});

/** CRC-32 of RFC 3533: polynomial 0x04c11db7, nothing reflected, the checksum's own bytes as zero. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : (page[i] as number);
    crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ byte] as number);
  }
  return crc >>> 0;
}
