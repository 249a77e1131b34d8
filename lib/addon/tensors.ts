// What the addon offers for tensors. binding/tensors.cc, autograd.cc, process.cc, operator_table.cc
// and call_operator.cc are the other side; `Addon` (addon.ts) includes this.

import type { ErrorCode, FewSoundErrorDetails } from '../errors.js';

declare const brand: unique symbol;

/** A tensor of the addon. It carries a type tag, so anything else in its place is an error. */
export interface TensorHandle {
  readonly [brand]: 'tensor';
}

/** A generator of random numbers of the addon. */
export interface GeneratorHandle {
  readonly [brand]: 'generator';
}

/** Element types. A complex number is two floats. */
export type DType = 'float32' | 'float64' | 'int64' | 'bool' | 'complex64' | 'complex128';

/** Where a tensor is; 'cuda' is the first CUDA device. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

/**
 * Elements as they lie in memory; complex numbers as pairs (real, imaginary), booleans as 0 and 1.
 */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** An operator of the table, as it describes itself. */
export interface OperatorDescription {
  name: string;
  doc: string;
  /** A TypeScript type; 'this' for the first argument, 'named' for an object of `results`. */
  result: string;
  results: string[];
  /** Whether it is a method of its first argument, too. */
  method: boolean;
  parameters: { name: string; type: string; optional: boolean; fallback?: string }[];
}

export interface TensorAddon {
  setErrorFactory(
    factory: (code: ErrorCode, message: string, details: FewSoundErrorDetails) => Error,
  ): void;

  versions(): { torch: string; parallel: string };
  devices(): string[];
  /** Why there is no CUDA device, or null where libtorch_cuda is loaded. */
  readonly cudaUnavailable: string | null;
  /** Why training steps cannot be recorded as CUDA graphs, or null where they can. */
  readonly cudaGraphsUnavailable: string | null;
  threads(): number;
  setThreads(threads: number): void;
  manualSeed(seed: number | bigint): void;
  createGenerator(seed: number | bigint, device?: Device): GeneratorHandle;
  memory(): { tensors: number; bytes: Record<string, number> };

  tensor(data: TensorData, shape: readonly number[], dtype: DType, device?: Device): TensorHandle;
  /**
   * The elements in row-major order, in the tensor's own memory where that is possible and no copy
   * is asked for.
   */
  data(
    tensor: TensorHandle,
    copy: boolean,
  ): { buffer: ArrayBuffer; offset: number; length: number; shared: boolean };
  item(tensor: TensorHandle): number | bigint | boolean | [number, number];
  shape(tensor: TensorHandle): number[];
  strides(tensor: TensorHandle): number[];
  dtype(tensor: TensorHandle): DType;
  device(tensor: TensorHandle): Device;
  isContiguous(tensor: TensorHandle): boolean;
  bytes(tensor: TensorHandle): number;
  isDisposed(tensor: TensorHandle): boolean;
  dispose(tensor: TensorHandle): void;

  gradEnabled(): boolean;
  setGradEnabled(enabled: boolean): void;
  requiresGrad(tensor: TensorHandle): boolean;
  setRequiresGrad(tensor: TensorHandle, requiresGrad: boolean): void;
  isLeaf(tensor: TensorHandle): boolean;
  grad(tensor: TensorHandle): TensorHandle | null;
  setGrad(tensor: TensorHandle, grad: TensorHandle | null): void;
  backward(
    tensor: TensorHandle,
    gradient: TensorHandle | null,
    retainGraph: boolean,
    createGraph: boolean,
  ): void;
  gradients(
    outputs: readonly TensorHandle[],
    inputs: readonly TensorHandle[],
    gradOutputs: readonly TensorHandle[] | null,
    retainGraph: boolean,
    createGraph: boolean,
  ): (TensorHandle | null)[];

  readonly operators: Readonly<Record<string, (...values: unknown[]) => unknown>>;
  describeOperators(): OperatorDescription[];
  callOperator(name: string, values: readonly unknown[]): unknown;
  operatorSchema(name: string): string;
}
