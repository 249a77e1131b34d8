import { isUtf8 } from 'node:buffer';
import type { Caller, PickleValue } from './pickle-values.js';

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

/** Bytes of the longest integer that is taken. */
const LONGEST_INTEGER = 512;

/**
 * The value of an opcode that carries it: a number, a text, bytes; `undefined` for any other opcode. The names are those
 * of Python's pickletools.
 */
export function readLiteral(
  opcode: number,
  bytes: PickleBytes,
  { fault }: Caller,
): PickleValue | undefined {
  switch (opcode) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4b: // BININT1
      return bytes.uint8();
    case 0x4d: // BININT2
      return bytes.uint16();
    case 0x4a: // BININT
      return bytes.int32();
    case 0x8a: // LONG1
      return readInteger(bytes, bytes.uint8(), fault);
    case 0x8b: // LONG4
      return readInteger(bytes, bytes.uint32(), fault);
    case 0x49: // INT, which protocol 1 has for booleans too
      return readDecimal(bytes.line(), fault);
    case 0x4c: // LONG
      return readDecimal(bytes.line().replace(/L$/, ''), fault);
    case 0x47: // BINFLOAT
      return bytes.float64();
    case 0x8c: // SHORT_BINUNICODE
      return bytes.take(bytes.uint8()).toString('utf8');
    case 0x58: // BINUNICODE
      return bytes.take(bytes.uint32()).toString('utf8');
    case 0x8d: // BINUNICODE8
      return bytes.take(bytes.uint64()).toString('utf8');
    case 0x55: // SHORT_BINSTRING
      return byteString(bytes.take(bytes.uint8()));
    case 0x54: // BINSTRING
      return byteString(bytes.take(bytes.uint32()));
    case 0x43: // SHORT_BINBYTES
      return bytes.take(bytes.uint8());
    case 0x42: // BINBYTES
      return bytes.take(bytes.uint32());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return bytes.take(bytes.uint64());
    default:
      return undefined;
  }
}

/** Python 2 did not tell texts from bytes. */
function byteString(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** Two's complement, little-endian. */
function readInteger(bytes: PickleBytes, length: number, fault: Caller['fault']): number | bigint {
  if (length > LONGEST_INTEGER) throw fault(`it has an integer of ${length} bytes`);
  if (length === 0) return 0;
  const digits = Buffer.from(bytes.take(length)).reverse().toString('hex');
  return plainInteger(BigInt.asIntN(8 * length, BigInt(`0x${digits}`)));
}

function readDecimal(text: string, fault: Caller['fault']): number | bigint | boolean {
  if (text === '00') return false;
  if (text === '01') return true;
  if (!/^-?\d{1,1000}$/.test(text)) throw fault('it has an integer that is none');
  return plainInteger(BigInt(text));
}

/** A number where that is exact. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
