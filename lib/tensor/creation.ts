import { types } from 'node:util';
import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import {
  type Device,
  type DType,
  isComplex,
  isDType,
  type TensorData,
  viewData,
} from './device.js';
import { ops } from './operators.js';
import { type NestedArray, type Tensor, wrapTensor } from './tensor.js';

/** What a tensor can be created from: an element, nested lists, or a typed array. */
export type TensorLike =
  | NestedArray<number | bigint | boolean>
  | readonly number[]
  | readonly (readonly number[])[]
  | NumberArray;

type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export interface TensorOptions {
  /** Default: as the data; numbers in lists become float32, integer arrays int64. */
  dtype?: DType;
  /** Default: [length] of a typed array, the nesting of lists. */
  shape?: readonly number[];
  /** Default 'cpu'. */
  device?: Device;
  /** Default false. */
  requiresGrad?: boolean;
}

/**
 * A tensor with a copy of the data. Complex dtypes take pairs (real, imaginary): the innermost
 * lists, or neighbors in a typed array.
 *
 * ```ts
 * tensor([[1, 2], [3, 4]]); // float32 [2, 2]
 * tensor(clip.samples, { shape: [1, clip.length] });
 * ```
 *
 * @throws FewSoundError SHAPE_MISMATCH where lists are ragged or the shape needs another number of
 *   elements, INVALID_ARGUMENT, DTYPE_MISMATCH, OUT_OF_MEMORY
 */
export function tensor(data: TensorLike, options: TensorOptions = {}): Tensor {
  const { elements, shape, natural } = flatten(data);
  const dtype = options.dtype ?? natural;
  if (!isDType(dtype)) {
    throw invalid('dtype', `dtype is ${String(dtype)}; expected a dtype such as 'float32'`);
  }
  const made = wrapTensor(
    addon().tensor(
      convert(elements, dtype),
      options.shape ?? (isComplex(dtype) ? withoutPairs(shape) : shape),
      dtype,
      options.device ?? 'cpu',
    ),
  );
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

interface Flat {
  elements: ArrayLike<number | bigint | boolean>;
  shape: number[];
  natural: DType;
}

function flatten(data: TensorLike): Flat {
  if (ArrayBuffer.isView(data)) {
    return { elements: data, shape: [data.length], natural: naturalDtype(data) };
  }
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) {
    if (shape.length > 64) throw invalid('data', 'the lists are nested more than 64 deep');
    shape.push(level.length);
  }
  const elements: (number | bigint | boolean)[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) {
      if (value.length !== shape[depth]) throw ragged(shape);
      for (const inner of value) visit(inner, depth + 1);
      return;
    }
    if (depth !== shape.length) throw ragged(shape);
    if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') {
      throw invalid(
        'data',
        `data contains ${describe(value)}; expected numbers, bigints or booleans`,
      );
    }
    elements.push(value);
  };
  visit(data, 0);
  const kinds = new Set(elements.map((element) => typeof element));
  if (kinds.size > 1) throw invalid('data', `data mixes ${[...kinds].join(' and ')}`);
  const natural = kinds.has('bigint') ? 'int64' : kinds.has('boolean') ? 'bool' : 'float32';
  return { elements, shape, natural };
}

function naturalDtype(data: ArrayBufferView): DType {
  if (types.isFloat32Array(data)) return 'float32';
  if (types.isFloat64Array(data)) return 'float64';
  if (types.isDataView(data)) throw invalid('data', 'data is a DataView; expected a typed array');
  // Node has it, and a check for it, from version 24 on.
  if (Object.prototype.toString.call(data) === '[object Float16Array]') return 'float32';
  return 'int64';
}

function convert(elements: Flat['elements'], dtype: DType): TensorData {
  const target = viewData(dtype, new ArrayBuffer(0)).constructor as new (
    length: number,
  ) => TensorData;
  if (elements instanceof target && dtype !== 'bool') return elements as TensorData;
  const made = new target(elements.length);
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i] as number | bigint | boolean;
    if (made instanceof BigInt64Array) made[i] = toBigInt(value);
    else made[i] = dtype === 'bool' ? Number(Boolean(value)) : Number(value);
  }
  return made;
}

function toBigInt(value: number | bigint | boolean): bigint {
  const whole = typeof value === 'number' && !Number.isInteger(value) ? undefined : BigInt(value);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return whole;
  throw invalid('data', `data contains ${value}, which is not an int64`);
}

/** Pairs (real, imaginary) are one element: [..., 2] is [...], and [2n] is [n]. */
function withoutPairs(shape: readonly number[]): number[] {
  const last = shape.at(-1);
  if (shape.length > 1 && last === 2) return shape.slice(0, -1);
  if (shape.length === 1 && last !== undefined && last % 2 === 0) return [last / 2];
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `tensor: complex elements are pairs (real, imaginary), but the data has the shape [${shape.join(', ')}].`,
    { operator: 'tensor', shapes: [[...shape]] },
  );
}

function ragged(shape: readonly number[]): FewSoundError {
  return new FewSoundError(
    'SHAPE_MISMATCH',
    `tensor: the lists are not of equal lengths; the first ones suggest [${shape.join(', ')}].`,
    { operator: 'tensor' },
  );
}

function invalid(field: string, problem: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', `tensor: ${problem}.`, {
    operator: 'tensor',
    field,
  });
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Operators that create tensors, also without `ops`. */
export const {
  zeros,
  ones,
  full,
  arange,
  linspace,
  eye,
  rand,
  randn,
  randint,
  randperm,
  cat,
  stack,
} = ops;
