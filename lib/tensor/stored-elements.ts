// Elements as files store them, little-endian, and how they are read. The names are those of
// safetensors.

import { type DType, type TensorData, viewData } from './device.js';

/** Makes elements of a tensor from stored ones. */
type Decode = (buffer: ArrayBuffer) => TensorData;

type IntegerArray = new (buffer: ArrayBuffer) => ArrayLike<number>;

const asStored = (bytes: number, dtype: DType) => {
  const decode: Decode = (buffer) => viewData(dtype, buffer);
  return { bytes, dtype, decode };
};
const integers = (bytes: number, Stored: IntegerArray) => {
  const decode: Decode = (buffer) => toBigInts(new Stored(buffer));
  return { bytes, dtype: 'int64', decode } as const;
};
const shortFloats = (toFloats: (values: Uint16Array) => Float32Array<ArrayBuffer>) => {
  const decode: Decode = (buffer) => toFloats(new Uint16Array(buffer));
  return { bytes: 2, dtype: 'float32', decode } as const;
};

/** Every dtype that can be read: its bytes, and the dtype that tensors of it get. */
const storedDTypes = {
  BOOL: asStored(1, 'bool'),
  U8: integers(1, Uint8Array),
  I8: integers(1, Int8Array),
  I16: integers(2, Int16Array),
  U16: integers(2, Uint16Array),
  F16: shortFloats((values) => Float32Array.from(values, halfToNumber)),
  BF16: shortFloats(fromBrainFloats),
  I32: integers(4, Int32Array),
  U32: integers(4, Uint32Array),
  F32: asStored(4, 'float32'),
  F64: asStored(8, 'float64'),
  I64: asStored(8, 'int64'),
  C64: asStored(8, 'complex64'),
  C128: asStored(16, 'complex128'),
} as const;

export type StoredDType = keyof typeof storedDTypes;

export const storedNames = Object.keys(storedDTypes) as readonly StoredDType[];

export function storedBytes(stored: StoredDType): number {
  return storedDTypes[stored].bytes;
}

/**
 * The dtype that stored elements get: F16 and BF16 become float32, integers of other sizes int64.
 */
export function tensorDType(stored: StoredDType): DType {
  return storedDTypes[stored].dtype;
}

/** Decodes elements to the dtype of `tensorDType`. */
export function decodeElements(
  stored: StoredDType,
  bytes: Buffer<ArrayBuffer>,
): { dtype: DType; data: TensorData } {
  const { dtype, decode } = storedDTypes[stored];
  return { dtype, data: decode(aligned(bytes)) };
}

/** Typed arrays need alignment, which a pooled Buffer may lack. */
function aligned(bytes: Buffer<ArrayBuffer>): ArrayBuffer {
  if (bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length) return bytes.buffer;
  return new Uint8Array(bytes).buffer;
}

function toBigInts(values: ArrayLike<number>): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from({ length: values.length }, (_, i) => BigInt(values[i] as number));
}

/** IEEE 754 half precision. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of a float32. */
function fromBrainFloats(values: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = (values[i] as number) << 16;
  return new Float32Array(bits.buffer);
}
