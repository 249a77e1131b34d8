import { types } from 'node:util';
import { FewSoundError } from '../errors.js';
import { handleOf, noGrad, type Tensor } from '../tensor/index.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * @throws FewSoundError INVALID_ARGUMENT for anything but tensors by name
 */
export function entriesOf(tensors: NamedTensors, field: string): [string, Tensor][] {
  if (typeof tensors !== 'object' || tensors === null) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field} is ${String(tensors)}; expected tensors by name, as an object or a Map.`,
      { field },
    );
  }
  const entries: [string, Tensor][] = types.isMap(tensors)
    ? [...(tensors as ReadonlyMap<string, Tensor>)]
    : Object.entries(tensors as Readonly<Record<string, Tensor>>);
  for (const [, tensor] of entries) handleOf(tensor);
  return entries;
}

/**
 * Copies values into tensors of their names. All are checked before one is changed.
 *
 * @param owner how errors call what the tensors belong to
 * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function copyState(
  own: ReadonlyMap<string, Tensor>,
  state: NamedTensors,
  owner: string,
): void {
  const given = new Map(entriesOf(state, 'state'));
  for (const name of given.keys()) {
    if (!own.has(name)) throw badState(name, `is not a tensor of this ${owner}`);
  }
  for (const [name, target] of own) {
    const source = given.get(name);
    if (source === undefined) throw badState(name, 'is missing');
    if (String(source.shape) !== String(target.shape)) {
      const shapes = [[...source.shape], [...target.shape]];
      const text = shapes.map((shape) => `[${shape.join(', ')}]`);
      throw badState(name, `has shape ${text[0]}; expected ${text[1]}`, 'SHAPE_MISMATCH', shapes);
    }
    if (source.dtype !== target.dtype) {
      throw badState(name, `is ${source.dtype}; expected ${target.dtype}`, 'DTYPE_MISMATCH');
    }
  }
  noGrad(() => {
    for (const [name, target] of own) target.copy_(given.get(name) as Tensor);
  });
}

function badState(
  name: string,
  problem: string,
  code: 'INVALID_ARGUMENT' | 'SHAPE_MISMATCH' | 'DTYPE_MISMATCH' = 'INVALID_ARGUMENT',
  shapes?: number[][],
): FewSoundError {
  return new FewSoundError(code, `state: "${name}" ${problem}.`, {
    field: name,
    ...(shapes && { shapes }),
  });
}
