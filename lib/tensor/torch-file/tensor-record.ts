// A tensor as a pickle describes it: a part of a storage, not yet read. Its claims are checked
// here.

import { type StoredDType, storedBytes } from '../stored-elements.js';
import { storedAs } from './dtype-names.js';
import {
  AllowedGlobal,
  type Call,
  type Caller,
  Dictionary,
  isCount,
  PickleRecord,
  type PickleValue,
  StorageView,
  Tuple,
} from './pickle-values.js';
import { typedStorage } from './storage-table.js';

type Args = readonly PickleValue[];

/** More dimensions than any tensor has. */
const DIMENSIONS = 64;

export class TensorRecord extends PickleRecord {
  constructor(
    readonly storage: StorageView['storage'],
    readonly stored: StoredDType,
    /** First element in the storage. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Whether the stored values are the conjugate of the tensor, or its negative. */
    readonly conjugate: boolean,
    readonly negative: boolean,
  ) {
    super();
  }

  get elements(): number {
    return elementCount(this.shape);
  }
}

/**
 * (storage, offset, size, stride), from v2 on (requires_grad, hooks), in v3 (dtype), (metadata).
 */
export function rebuildTensor(
  version: '_rebuild_tensor' | '_rebuild_tensor_v2' | '_rebuild_tensor_v3',
): (args: Args, machine: Caller) => TensorRecord {
  return (args, machine) => {
    const [view, offset, shape, strides, , , ...more] = args;
    const dtype = version === '_rebuild_tensor_v3' ? more.shift() : undefined;
    const wrong = (problem: string) => machine.fault(`a tensor in its pickle ${problem}`);
    if (!(view instanceof StorageView)) throw wrong('has no storage');
    const stored = storedDType(view, dtype, machine);
    if (!isCount(offset) || view.start % storedBytes(stored) !== 0)
      throw wrong('has an invalid offset');
    if (!isCounts(shape)) throw wrong('has a shape that is not a list of sizes');
    if (!isCounts(strides) || strides.items.length !== shape.items.length) {
      throw wrong('has strides that do not match its shape');
    }
    const sizes = shape.items;
    const steps = strides.items;
    checkExtent(view, stored, offset, sizes, steps, wrong);
    return new TensorRecord(
      typedStorage(view.storage, stored, machine),
      stored,
      view.start / storedBytes(stored) + offset,
      sizes,
      steps,
      hasFlag(more[0], 'conj'),
      hasFlag(more[0], 'neg'),
    );
  };
}

/** A parameter is its data; attributes set by Python code are left out. */
export const rebuildParameter = ([data]: Args, { fault }: Caller): TensorRecord => {
  const record = data instanceof BlankTensor ? data.record : data;
  if (!(record instanceof TensorRecord)) throw fault('a parameter in its pickle is not a tensor');
  return record;
};

/** The class itself: (data, requires_grad), or nothing, as in PyTorch before 0.4. */
export const parameter: Call = (args, machine) =>
  args.length === 0 ? new BlankTensor('F32') : rebuildParameter(args, machine);

/** A subclass of tensors, such as torch.nn.Buffer: (function, class, arguments, state). */
export const rebuildFromType: Call = ([rebuild, type, args], machine) => {
  const wrong = () => machine.fault('its pickle rebuilds a tensor by something that makes none');
  if (!(rebuild instanceof AllowedGlobal && type instanceof AllowedGlobal)) throw wrong();
  // Endless nesting would overflow the stack.
  if (rebuild.role.kind !== 'function' || rebuild.role.call === rebuildFromType) throw wrong();
  if (type.role.kind !== 'class' || !(args instanceof Tuple)) throw wrong();
  const made = rebuild.role.call(args.items, machine);
  if (!(made instanceof TensorRecord)) throw wrong();
  return made;
};

/** A tensor of a device without storages: (data on the CPU, dtype, device, requires_grad). */
export const rebuildFromCpu: Call = ([data, dtype], { fault }) => {
  const named = dtype instanceof AllowedGlobal && dtype.role.kind === 'dtype' && dtype.role.dtype;
  if (!(data instanceof TensorRecord) || typeof named !== 'string') {
    throw fault('a device tensor in its pickle is invalid');
  }
  if (storedAs(named, { fault }) === data.stored) return data;
  throw fault(`a device tensor in its pickle does not have the dtype ${named}`);
};

/** Unsupported storage classes are refused before this. */
export const rebuildQuantized: Call = (_, { fault }) => {
  throw fault('a quantized tensor in its pickle has no quantized elements');
};

/**
 * A tensor of old programs (PyTorch before 0.2), created before it has elements: the opcode BUILD
 * brings them. The pickle may refer to it in between.
 */
export class BlankTensor extends PickleRecord {
  record: TensorRecord;

  constructor(stored: StoredDType) {
    super();
    const storage = { key: '', bytes: 0, unit: 1, stored };
    this.record = new TensorRecord(storage, stored, 0, [0], [1], false, false);
  }

  /** State: (storage, offset, size, stride), or the five fields of a Variable, its data first. */
  setState(state: PickleValue, machine: Caller): void {
    const items = state instanceof Tuple ? state.items : [];
    if (items.length === 4) this.record = rebuild(items, machine);
    else if (items.length === 5) this.record = rebuildParameter(items, machine);
    else throw machine.fault('a tensor in its pickle has an invalid state');
  }
}

const rebuild = rebuildTensor('_rebuild_tensor');

/** A class of tensors called without arguments. */
export function blankTensor(dtype: string): Call {
  return (args, machine) => {
    if (args.length > 0)
      throw machine.fault('its pickle creates a tensor with arguments, which is not supported');
    return new BlankTensor(storedAs(dtype, machine));
  };
}

function storedDType(
  { storage }: StorageView,
  dtype: PickleValue | undefined,
  { fault }: Caller,
): StoredDType {
  if (dtype instanceof AllowedGlobal && dtype.role.kind === 'dtype') {
    return storedAs(dtype.role.dtype, { fault });
  }
  if (dtype === undefined && storage.stored !== undefined) return storage.stored;
  throw fault('a tensor in its pickle has no dtype');
}

function checkExtent(
  view: StorageView,
  stored: StoredDType,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  wrong: (problem: string) => Error,
): void {
  const available = Math.floor(view.bytes / storedBytes(stored));
  const last = shape.includes(0)
    ? offset - 1
    : shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] as number), offset);
  // A product or sum too large to be exact is still larger than any storage.
  if (last >= available || !Number.isSafeInteger(elementCount(shape.map((n) => n || 1)))) {
    throw wrong(
      `of shape [${shape.join(', ')}], strides [${strides.join(', ')}] and offset ${offset} runs past its storage of ${available} elements`,
    );
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function hasFlag(metadata: PickleValue | undefined, name: string): boolean {
  return metadata instanceof Dictionary && metadata.entries.get(name) === true;
}

function isCounts(
  value: PickleValue | undefined,
): value is Tuple & { readonly items: readonly number[] } {
  return value instanceof Tuple && value.items.length <= DIMENSIONS && value.items.every(isCount);
}
