// Looked up once: in test runners with a context of their own, a global costs more than the work.
const { clz32 } = Math;

/**
 * Reads numbers of any width from bytes, most significant bit first. Past the end it reads zeros,
 * which the caller notices by `bytePosition`.
 */
export class BitReader {
  private bit = 0;

  /** @param bytes at most 2^28 of them are read */
  constructor(private readonly bytes: Uint8Array) {}

  get bytePosition(): number {
    return (this.bit + 7) >>> 3;
  }

  /** Reads an unsigned number of 0 to 36 bits. */
  unsigned(width: number): number {
    if (width === 0) return 0;
    if (width > 24) return this.unsigned(width - 16) * 0x1_0000 + this.unsigned(16);
    const value = this.window(this.bit) >>> (32 - width);
    this.bit += width;
    return value;
  }

  /** Reads a number of 0 to 36 bits in two's complement. */
  signed(width: number): number {
    const value = this.unsigned(width);
    return width > 0 && value >= 2 ** (width - 1) ? value - 2 ** width : value;
  }

  /** Counts the zeros before the next one, and reads that too. */
  zeros(): number {
    let count = 0;
    while (this.bit < this.bytes.length * 8) {
      const zeros = clz32(this.window(this.bit));
      if (zeros < 25) {
        this.bit += zeros + 1;
        return count + zeros;
      }
      count += 25;
      this.bit += 25;
    }
    return count;
  }

  /**
   * Reads numbers in Rice's code: the high bits in unary, then `parameter` low bits, the lowest of
   * which is the sign.
   *
   * @param into their place, from index `from` to before `to`
   */
  rice(into: Int32Array | Float64Array, from: number, to: number, parameter: number): void {
    for (let i = from; i < to; i++) {
      const window = this.window(this.bit);
      const zeros = clz32(window);
      const width = zeros + 1 + parameter;
      if (width <= 25) {
        const low = ((window << (zeros + 1)) >>> 1) >>> (31 - parameter);
        const folded = (zeros << parameter) | low;
        into[i] = (folded >>> 1) ^ -(folded & 1);
        this.bit += width;
      } else {
        const folded = this.zeros() * 2 ** parameter + this.unsigned(parameter);
        into[i] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      }
    }
  }

  align(): void {
    this.bit = this.bytePosition * 8;
  }

  /** The next 25 bits or more, at the top of 32. */
  private window(bit: number): number {
    const { bytes } = this;
    const at = bit >>> 3;
    const word =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number);
    return word << (bit & 7);
  }
}

/** Whether the bytes at `offset` spell `text` (one byte a character). */
export function hasText(bytes: Uint8Array, text: string, offset: number): boolean {
  if (offset + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The table of a CRC that takes the most significant bit first. */
export function crcTable(width: 8 | 16 | 32, polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder << 1) ^ ((remainder >>> (width - 1)) & 1 ? polynomial : 0);
    }
    return remainder & (2 ** width - 1);
  });
}
