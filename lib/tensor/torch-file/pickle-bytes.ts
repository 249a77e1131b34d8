import { isUtf8 } from 'node:buffer';
import type { Caller, PickleValue } from './pickle-values.js';

/** The bytes end inside a pickle. */
export class CutOff extends Error {
  override readonly name = 'CutOff';
}

/** No name in Python is longer. */
const LONGEST_LINE = 4096;

const NEWLINE = 0x0a;

/** Reads the operands of opcodes. Every length is checked before it is believed. */
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

/** Bytes of the longest integer accepted. */
const LONGEST_INTEGER = 512;

type ReadLiteral = (bytes: PickleBytes, fault: Caller['fault']) => PickleValue;

const utf8 = (bytes: Buffer) => bytes.toString('utf8');

/** By opcode; the names are those of Python's pickletools. */
const literals = new Map<number, ReadLiteral>([
  [0x4e, () => null], // NONE
  [0x88, () => true], // NEWTRUE
  [0x89, () => false], // NEWFALSE
  [0x4b, (bytes) => bytes.uint8()], // BININT1
  [0x4d, (bytes) => bytes.uint16()], // BININT2
  [0x4a, (bytes) => bytes.int32()], // BININT
  [0x8a, (bytes, fault) => readInteger(bytes, bytes.uint8(), fault)], // LONG1
  [0x8b, (bytes, fault) => readInteger(bytes, bytes.uint32(), fault)], // LONG4
  [0x49, (bytes, fault) => readDecimal(bytes.line(), fault)], // INT, in protocol 1 also booleans
  [0x4c, (bytes, fault) => readDecimal(bytes.line().replace(/L$/, ''), fault)], // LONG
  [0x47, (bytes) => bytes.float64()], // BINFLOAT
  [0x8c, (bytes) => utf8(bytes.take(bytes.uint8()))], // SHORT_BINUNICODE
  [0x58, (bytes) => utf8(bytes.take(bytes.uint32()))], // BINUNICODE
  [0x8d, (bytes) => utf8(bytes.take(bytes.uint64()))], // BINUNICODE8
  [0x55, (bytes) => byteString(bytes.take(bytes.uint8()))], // SHORT_BINSTRING
  [0x54, (bytes) => byteString(bytes.take(bytes.uint32()))], // BINSTRING
  [0x43, (bytes) => bytes.take(bytes.uint8())], // SHORT_BINBYTES
  [0x42, (bytes) => bytes.take(bytes.uint32())], // BINBYTES
  [0x8e, (bytes) => bytes.take(bytes.uint64())], // BINBYTES8
  [0x96, (bytes) => bytes.take(bytes.uint64())], // BYTEARRAY8
]);

/** The value of an opcode that carries one: a number, a text, bytes; `undefined` for any other. */
export function readLiteral(
  opcode: number,
  bytes: PickleBytes,
  { fault }: Caller,
): PickleValue | undefined {
  return literals.get(opcode)?.(bytes, fault);
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
  if (!/^-?\d{1,1000}$/.test(text)) throw fault('it has an invalid integer');
  return plainInteger(BigInt(text));
}

/** A number where that is exact. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
