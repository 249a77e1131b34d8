import { addon } from '../addon/addon.js';
import type { Device, DType, TensorData } from '../addon/tensors.js';

export type { Device };

/** The devices of this process: 'cpu', and 'cuda:0', 'cuda:1', … where available. */
export function devices(): Device[] {
  return addon().devices() as Device[];
}

/** Why there is no CUDA device, or null where there is one. */
export function cudaUnavailable(): string | null {
  const { cudaUnavailable: reason } = addon();
  if (reason !== null) return reason;
  return devices().length > 1 ? null : 'the driver reports no CUDA device';
}

/** Why training steps on a CUDA device cannot be recorded as graphs, or null where they can. */
export function cudaGraphsUnavailable(): string | null {
  return addon().cudaGraphsUnavailable;
}

/** The number of threads that LibTorch uses on the CPU, from this JavaScript thread. */
export function threads(): number {
  return addon().threads();
}

/**
 * Sets the number of threads that LibTorch uses on the CPU, 1 to 1024. The same number gives the
 * same results, bit for bit.
 *
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function setThreads(count: number): void {
  addon().setThreads(count);
}

export type { DType, TensorData };

/** The typed array of each dtype. */
export interface DataOf {
  float32: Float32Array<ArrayBuffer>;
  float64: Float64Array<ArrayBuffer>;
  int64: BigInt64Array<ArrayBuffer>;
  bool: Uint8Array<ArrayBuffer>;
  complex64: Float32Array<ArrayBuffer>;
  complex128: Float64Array<ArrayBuffer>;
}

type ArrayClass = new (buffer: ArrayBuffer, offset?: number, length?: number) => TensorData;

const classes: Readonly<Record<DType, ArrayClass>> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(classes, value);
}

export function isComplex(dtype: DType): boolean {
  return dtype === 'complex64' || dtype === 'complex128';
}

/** Views memory as elements of a dtype. */
export function viewData(
  dtype: DType,
  buffer: ArrayBuffer,
  offset = 0,
  length?: number,
): TensorData {
  return new classes[dtype](buffer, offset, length);
}

export function bytesPerElement(dtype: DType): number {
  return { float32: 4, float64: 8, int64: 8, bool: 1, complex64: 8, complex128: 16 }[dtype];
}
