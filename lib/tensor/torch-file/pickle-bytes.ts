/** The bytes end inside a pickle. */
export class CutOff extends Error {
  override readonly name = 'CutOff';
}

/** No name in Python is longer; a line without end is none. */
const LONGEST_LINE = 4096;

const NEWLINE = 0x0a;

/** Reads what opcodes carry with them. Every length is compared with what is there before it is believed. */
export class PickleBytes {
  constructor(
    private readonly buffer: Buffer<ArrayBuffer>,
    public position = 0,
  ) {}

  /** A view, not a copy. */
  take(length: number): Buffer<ArrayBuffer> {
    const begin = this.position;
    if (!(length <= this.buffer.length - begin)) throw new CutOff();
    this.position = begin + length;
    return this.buffer.subarray(begin, this.position);
  }

  uint8(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  float64(): number {
    return this.take(8).readDoubleBE();
  }

  /** Text up to a newline, which is dropped. */
  line(): string {
    const end = this.buffer.indexOf(NEWLINE, this.position);
    if (end < 0 || end - this.position > LONGEST_LINE) throw new CutOff();
    const text = this.take(end - this.position).toString('utf8');
    this.position += 1;
    return text;
  }
}
