/** Takes Ogg files apart and writes new ones, independently of the library. */

export interface OggPageBytes {
  serial: number;
  sequence: number;
  granule: bigint;
  /** 1: continued, 2: first, 4: last. */
  flags: number;
  lacing: Uint8Array;
  content: Uint8Array;
}

export function oggPages(bytes: Uint8Array): OggPageBytes[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages: OggPageBytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    const body = at + 27 + view.getUint8(at + 26);
    const lacing = bytes.slice(at + 27, body);
    const end = body + lacing.reduce((sum, length) => sum + length, 0);
    pages.push({
      serial: view.getUint32(at + 14, true),
      sequence: view.getUint32(at + 18, true),
      granule: view.getBigInt64(at + 6, true),
      flags: view.getUint8(at + 5),
      lacing,
      content: bytes.slice(body, end),
    });
    at = end;
  }
  return pages;
}

/** A page of packets that begin and end on it, each shorter than 255 bytes times 255. */
export function oggPage(
  packets: readonly Uint8Array[],
  fields: Partial<Omit<OggPageBytes, 'lacing' | 'content'>> = {},
): OggPageBytes {
  const lacing = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / 255) }, () => 255),
    length % 255,
  ]);
  return {
    serial: 1,
    sequence: 0,
    granule: 0n,
    flags: 0,
    ...fields,
    lacing: Uint8Array.from(lacing),
    content: Buffer.concat(packets),
  };
}

export function oggBytes(pages: readonly OggPageBytes[]): Uint8Array {
  return Buffer.concat(
    pages.map(({ serial, sequence, granule, flags, lacing, content }) => {
      const head = Buffer.alloc(27);
      head.write('OggS');
      head.writeUInt8(flags, 5);
      head.writeBigInt64LE(granule, 6);
      head.writeUInt32LE(serial, 14);
      head.writeUInt32LE(sequence, 18);
      head.writeUInt8(lacing.length, 26);
      const page = Buffer.concat([head, lacing, content]);
      page.writeUInt32LE(checksum(page), 22);
      return page;
    }),
  );
}

/** CRC-32 bit by bit: polynomial 0x04c11db7, nothing reflected. */
function checksum(bytes: Uint8Array): number {
  let remainder = 0;
  for (const byte of bytes) {
    remainder ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c1_1db7 : 0);
    }
  }
  return remainder >>> 0;
}
