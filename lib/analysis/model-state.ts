import { scope, type Tensor } from '../tensor/index.js';

/** Dicts in which training programs keep the model's tensors beside others. */
const modelDicts = ['model_state_dict', 'state_dict', 'model_state', 'model', 'network', 'net'];

/** Dicts of what is no model: optimizers, schedules, and what our own training loop remembers. */
const otherDict = /^(optim\w*|\w*optimizer\w*|\w*scheduler\w*|training|scaler)\./i;

/**
 * The tensors of a model among those of a file: the dict that holds the model's is opened and what belongs to an optimizer
 * left out; a weight that is kept as two factors (weight normalisation) is made of them.
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

/** Names of the two factors, length and direction, as PyTorch's old and new weight normalisation have them. */
const factors = [
  { length: 'weight_g', direction: 'weight_v' },
  { length: 'parametrizations.weight.original0', direction: 'parametrizations.weight.original1' },
] as const;

/** weight = g·v / ‖v‖, the norm over the dimensions in which g has length 1 (Salimans and Kingma 2016). */
function wholeWeights(state: Map<string, Tensor>): Map<string, Tensor> {
  const whole = new Map<string, Tensor>();
  for (const [name, tensor] of state) {
    const pair = factors.find(({ length, direction }) =>
      [length, direction].some((role) => endsInRole(name, role)),
    );
    const role = pair && [pair.length, pair.direction].find((each) => endsInRole(name, each));
    const layer = role === undefined ? '' : name.slice(0, -role.length);
    const [g, v] = [
      pair && state.get(layer + pair.length),
      pair && state.get(layer + pair.direction),
    ];
    if (g === undefined || v === undefined || !isLengthOf(g, v)) whole.set(name, tensor);
    else if (!whole.has(`${layer}weight`)) whole.set(`${layer}weight`, product(g, v));
  }
  return whole;
}

const endsInRole = (name: string, role: string) => name === role || name.endsWith(`.${role}`);

const isLengthOf = ({ shape }: Tensor, v: Tensor) =>
  shape.length === v.rank && shape.every((size, dim) => size === 1 || size === v.shape[dim]);

function product(g: Tensor, v: Tensor): Tensor {
  const dims = g.shape.flatMap((size, dim) => (size === 1 ? [dim] : []));
  return scope(() => v.mul(g.div(dims.length === 0 ? v.abs() : v.norm(2, dims, true))));
}
