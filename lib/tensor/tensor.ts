import { addon } from '../addon/addon.js';
import type { TensorHandle } from '../addon/tensors.js';
import { FewSoundError } from '../errors.js';
import {
  type DataOf,
  type Device,
  type DType,
  isComplex,
  type TensorData,
  viewData,
} from './device.js';
import type { TensorMethods } from './operators.generated.js';
import { enterScope, leaveScope } from './scope.js';

/** Nested lists, as deep as a tensor has dimensions. */
export type NestedArray<T> = T | NestedArray<T>[];

/** An element in JavaScript: a complex number is [real, imaginary]. */
export type Element = number | boolean | [real: number, imaginary: number];

/** How `backward` treats the record of operations. */
export interface BackwardOptions {
  /** Keeps the record, so that `backward` can run through it again. Default false. */
  retainGraph?: boolean;
  /** Records the computation of the gradients, for gradients of gradients. Default false. */
  createGraph?: boolean;
}

/** Only this file calls the constructor; operators create tensors. */
let construct: (handle: TensorHandle) => Tensor;

/**
 * An array of numbers of one dtype, held by LibTorch. Operators are methods (`a.matmul(b).relu()`)
 * and functions (`ops.matmul(a, b)`), both generated from one table.
 *
 * A tensor is freed by `dispose()`, by `using`, at the end of the `scope` it was created in, or at
 * last by the collector. Using a freed tensor throws DISPOSED.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: installMethods (operators.ts) puts the methods on the prototype, from the list that the interface is generated with
export class Tensor {
  /** @internal */
  readonly handle: TensorHandle;

  private constructor(handle: TensorHandle) {
    this.handle = handle;
  }

  static {
    construct = (handle) => new Tensor(handle);
  }

  /** Sizes of the dimensions. */
  get shape(): readonly number[] {
    return addon().shape(this.handle);
  }

  /** Distance between neighbors in elements, for each dimension. */
  get strides(): readonly number[] {
    return addon().strides(this.handle);
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Bytes of its elements. */
  get bytes(): number {
    return addon().bytes(this.handle);
  }

  get dtype(): DType {
    return addon().dtype(this.handle);
  }

  get device(): Device {
    return addon().device(this.handle);
  }

  /** Whether the elements lie in memory in row-major order without gaps. */
  get isContiguous(): boolean {
    return addon().isContiguous(this.handle);
  }

  /** Whether it was freed. */
  get disposed(): boolean {
    return addon().isDisposed(this.handle);
  }

  /** Whether operations on it are recorded for `backward`. Settable on leaves. */
  get requiresGrad(): boolean {
    return addon().requiresGrad(this.handle);
  }

  set requiresGrad(required: boolean) {
    addon().setRequiresGrad(this.handle, required);
  }

  /** Whether it is not the result of a recorded operation. */
  get isLeaf(): boolean {
    return addon().isLeaf(this.handle);
  }

  /** The gradient accumulated by `backward`, or null. Each read creates a Tensor to dispose of. */
  get grad(): Tensor | null {
    const grad = addon().grad(this.handle);
    return grad && wrapTensor(grad);
  }

  set grad(grad: Tensor | null) {
    addon().setGrad(this.handle, grad && handleOf(grad));
  }

  /** Clears the gradient. */
  zeroGrad(): void {
    addon().setGrad(this.handle, null);
  }

  /**
   * Adds the derivative of this tensor with respect to each leaf that requires it to the leaf's
   * `grad`.
   *
   * @param gradient the derivative of the final value with respect to this tensor, in its shape;
   *   optional where this tensor has one element
   * @throws FewSoundError OPERATOR where nothing was recorded, SHAPE_MISMATCH
   */
  backward(gradient?: Tensor | null, options: BackwardOptions = {}): void {
    const { retainGraph = false, createGraph = false } = options;
    addon().backward(this.handle, gradient ? handleOf(gradient) : null, retainGraph, createGraph);
  }

  /**
   * The elements in row-major order. On the CPU, contiguous ones are not copied: the typed array is
   * a view of the tensor's own memory, which lives as long as either. Otherwise it is a copy.
   * (Writes are invisible to the record of operations: do not change values that a `backward` still
   * needs.)
   *
   * int64 comes as BigInt64Array, bool as Uint8Array, complex numbers as pairs (real, imaginary).
   * With a dtype, it has to be the tensor's.
   *
   * @throws FewSoundError DTYPE_MISMATCH where the tensor has another dtype
   */
  data(): TensorData;
  data<D extends DType>(dtype: D): DataOf[D];
  data(dtype?: DType): TensorData {
    const own = this.dtype;
    if (dtype !== undefined && dtype !== own) {
      throw new FewSoundError(
        'DTYPE_MISMATCH',
        `data: the tensor is ${own}, not ${dtype}; convert it with to({ dtype: '${dtype}' }).`,
      );
    }
    const { buffer, offset, length } = addon().data(this.handle, false);
    return viewData(own, buffer, offset, length);
  }

  /**
   * The elements as nested lists; a tensor without dimensions gives its element. Complex numbers
   * are [real, imaginary].
   *
   * @throws FewSoundError INVALID_ARGUMENT for an int64 too large for a number; `data()` gives
   *   bigints
   */
  toArray(): NestedArray<Element> {
    const { dtype, shape } = this;
    const { buffer, offset, length } = addon().data(this.handle, false);
    const elements = viewData(dtype, buffer, offset, length);
    let next = 0;
    const read = (): Element => {
      if (isComplex(dtype)) return [Number(elements[next++]), Number(elements[next++])];
      const value = elements[next++] as number | bigint;
      if (dtype === 'bool') return value !== 0;
      return typeof value === 'bigint' ? safeNumber(value, 'toArray') : value;
    };
    const list = (dimension: number): NestedArray<Element> =>
      dimension === shape.length
        ? read()
        : Array.from({ length: shape[dimension] as number }, () => list(dimension + 1));
    return list(0);
  }

  /**
   * The only element, as a number; true is 1.
   *
   * @throws FewSoundError SHAPE_MISMATCH for any other number of elements, DTYPE_MISMATCH for a
   *   complex number, INVALID_ARGUMENT for an int64 too large for a number
   */
  item(): number {
    const value = addon().item(this.handle);
    if (Array.isArray(value)) {
      throw new FewSoundError(
        'DTYPE_MISMATCH',
        'item: the element is complex; take real() or imag(), or toArray().',
      );
    }
    return typeof value === 'bigint' ? safeNumber(value, 'item') : Number(value);
  }

  /** Frees the tensor. Typed arrays from `data()` stay valid. Disposing twice does nothing. */
  dispose(): void {
    leaveScope(this);
    addon().dispose(this.handle);
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    if (this.disposed) return 'Tensor (disposed)';
    return `Tensor ${this.dtype} [${this.shape.join(', ')}] ${this.device}`;
  }

  /** What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export interface Tensor extends TensorMethods {}

function safeNumber(value: bigint, operator: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${operator}: ${value} is too large to be exact as a number; use data(), which gives bigints.`,
    { operator },
  );
}

/** A Tensor for a handle of the addon, in the current scope. */
export function wrapTensor(handle: TensorHandle): Tensor {
  const made = construct(handle);
  enterScope(made);
  return made;
}

/** A Tensor that belongs to an object of its own and to no scope: a parameter of a network. */
export function ownTensor(handle: TensorHandle): Tensor {
  return construct(handle);
}

/**
 * The handle that the addon knows a tensor by.
 * @throws FewSoundError INVALID_ARGUMENT where the value is not a Tensor
 */
export function handleOf(tensor: Tensor): TensorHandle {
  if (tensor instanceof Tensor) return tensor.handle;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `expected a Tensor, but got ${tensor === null ? 'null' : typeof tensor}.`,
  );
}
