/**
 * Writes made-up mono FLAC files with uncompressed ("verbatim") frames, RFC 9639, so that the tests
 * know every sample and can promise more samples than there are.
 */
export function flacBytes(
  samples: readonly number[],
  bits: 8 | 16 | 24,
  { totalSamples = samples.length } = {},
): Uint8Array {
  const block = Math.max(16, samples.length);
  const info = new Bits();
  info.put(block, 16).put(block, 16).put(0, 24).put(0, 24); // block and frame sizes
  info
    .put(44_100, 20)
    .put(0, 3)
    .put(bits - 1, 5);
  info.put(Math.floor(totalSamples / 2 ** 32), 4).put(totalSamples % 2 ** 32, 32);
  for (let i = 0; i < 4; i++) info.put(0, 32); // no MD5
  return Uint8Array.from([
    ...Array.from('fLaC', (character) => character.charCodeAt(0)),
    0x80, // the last metadata block, STREAMINFO
    ...[0, 0, 34],
    ...info.bytes,
    ...frame(samples, bits),
  ]);
}

function frame(samples: readonly number[], bits: 8 | 16 | 24): number[] {
  const head = new Bits();
  head.put(0b11111111111110, 14).put(0, 1).put(0, 1); // sync, fixed block size
  head.put(7, 4).put(9, 4); // 16-bit block size at the end of the header, 44.1 kHz
  head.put(0, 4).put({ 8: 1, 16: 4, 24: 6 }[bits], 3).put(0, 1); // mono
  head.put(0, 8); // frame number 0
  head.put(samples.length - 1, 16);
  const body = new Bits();
  body.put(0, 1).put(1, 6).put(0, 1); // verbatim, no wasted bits
  for (const sample of samples) body.put(sample, bits);
  body.align();
  const withoutCrc = [...head.bytes, crc(head.bytes, 8, 0x07), ...body.bytes];
  const check = crc(withoutCrc, 16, 0x8005);
  return [...withoutCrc, check >> 8, check & 0xff];
}

class Bits {
  readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;

  /** Appends the low `width` bits of a number, two's complement when it is negative. */
  put(value: number, width: number): this {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.pending = (this.pending << 1) | (Math.floor(value / 2 ** bit) & 1);
      this.count++;
      if (this.count === 8) {
        this.bytes.push(this.pending);
        this.pending = 0;
        this.count = 0;
      }
    }
    return this;
  }

  align(): void {
    while (this.count !== 0) this.put(0, 1);
  }
}

function crc(bytes: readonly number[], width: 8 | 16, polynomial: number): number {
  const top = 1 << (width - 1);
  const mask = (1 << width) - 1;
  let remainder = 0;
  for (const byte of bytes) {
    remainder ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) {
      remainder = ((remainder << 1) ^ ((remainder & top) !== 0 ? polynomial : 0)) & mask;
    }
  }
  return remainder;
}
