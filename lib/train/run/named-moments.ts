import type { TensorHandle } from '../../native/tensor-addon.js';
import { noGrad, ownTensor, type Tensor } from '../../tensor/index.js';

/** An optimiser's state as the addon gives it, in the order of the parameters. */
export interface MomentHandles {
  readonly step: number;
  readonly firstMoments: readonly TensorHandle[];
  readonly secondMoments: readonly TensorHandle[];
}

/** Moments by the names of their parameters, `first.…` and `second.…`: the optimiser's own tensors. */
export function namedMoments(
  names: readonly string[],
  { step, firstMoments, secondMoments }: MomentHandles,
): { step: number; tensors: Map<string, Tensor> } {
  const tensors = new Map<string, Tensor>();
  for (const [i, name] of names.entries()) {
    tensors.set(`first.${name}`, ownTensor(firstMoments[i] as TensorHandle));
    tensors.set(`second.${name}`, ownTensor(secondMoments[i] as TensorHandle));
  }
  return { step, tensors };
}

/** Copies moments into those of an optimiser; they are known to fit. */
export function copyMoments(
  own: ReadonlyMap<string, Tensor>,
  stored: ReadonlyMap<string, Tensor>,
): void {
  noGrad(() => {
    for (const [name, tensor] of own) tensor.copy_(stored.get(name) as Tensor);
  });
}
