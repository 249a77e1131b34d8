// Elements as files keep them, little-endian, and what they become here. The names are those of safetensors.

import { type DType, type TensorData, viewData } from './device.js';

/** Bytes of an element of every dtype that can be read. */
export const storedBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  C64: 8,
  C128: 16,
} as const satisfies Readonly<Record<string, number>>;

export type StoredDType = keyof typeof storedBytes;

const tensorDTypes: Partial<Record<StoredDType, DType>> = {
  F32: 'float32',
  F64: 'float64',
  I64: 'int64',
  BOOL: 'bool',
  C64: 'complex64',
  C128: 'complex128',
  F16: 'float32',
  BF16: 'float32',
};

/** The dtype of a tensor of such elements: F16 and BF16 become float32, whole numbers of other sizes int64. */
export function tensorDType(stored: StoredDType): DType {
  return tensorDTypes[stored] ?? 'int64';
}

/** Elements in a dtype that tensors have, see `tensorDType`. */
export function decodeElements(
  stored: StoredDType,
  bytes: Buffer<ArrayBuffer>,
): { dtype: DType; data: TensorData } {
  const buffer = aligned(bytes);
  const dtype = tensorDType(stored);
  switch (stored) {
    case 'F16':
      return { dtype, data: Float32Array.from(new Uint16Array(buffer), halfToNumber) };
    case 'BF16':
      return { dtype, data: fromBrainFloats(new Uint16Array(buffer)) };
    case 'U8':
      return { dtype, data: toBigInts(new Uint8Array(buffer)) };
    case 'I8':
      return { dtype, data: toBigInts(new Int8Array(buffer)) };
    case 'U16':
      return { dtype, data: toBigInts(new Uint16Array(buffer)) };
    case 'I16':
      return { dtype, data: toBigInts(new Int16Array(buffer)) };
    case 'U32':
      return { dtype, data: toBigInts(new Uint32Array(buffer)) };
    case 'I32':
      return { dtype, data: toBigInts(new Int32Array(buffer)) };
    default:
      return { dtype, data: viewData(dtype, buffer) };
  }
}

/** Typed arrays need their elements at multiples of their size, which a pooled Buffer may not give. */
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
