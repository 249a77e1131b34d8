import type { Tensor } from '../tensor/index.js';
import { wholeWeights } from './whole-weights.js';

/** Dicts in which training programs keep the model's tensors beside others. */
const modelDicts = ['model_state_dict', 'state_dict', 'model_state', 'model', 'network', 'net'];

/** Dicts of what is no model: optimizers, schedules, and what our own training loop remembers. */
const otherDict = /^(optim\w*|\w*optimizer\w*|\w*scheduler\w*|training|scaler)\./i;

/**
 * The tensors of a model among those of a file: the dict that holds the model's is opened and what belongs to an optimizer
 * left out; a weight that is kept in parts (weight and spectral normalization) is made of them.
 *
 * @internal
 * @param tensors by their paths in the file; new ones belong to the scope around
 */
export function modelState(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return wholeWeights(opened(tensors));
}

function opened(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const kept = [...tensors].filter(([name]) => !otherDict.test(name));
  const isCheckpoint = kept.length < tensors.size;
  const dict = modelDicts.find(
    (name) =>
      // A module may have a part of such a name; a checkpoint has it beside an optimizer's, or alone.
      (isCheckpoint || name.includes('state')) &&
      kept.some(([path]) => path.startsWith(`${name}.`)),
  );
  if (dict === undefined) return new Map(kept);
  const prefix = `${dict}.`;
  return new Map(
    kept.flatMap(([path, tensor]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), tensor] as const] : [],
    ),
  );
}
