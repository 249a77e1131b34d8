// Weights that PyTorch stores in parts: weight and spectral normalization, both of torch.nn.utils
// and of torch.nn.utils.parametrizations.

import { scope, type Tensor } from '../tensor/index.js';

/** The parts that a layer stores instead of its weight. */
interface WeightParts {
  /** Names of the parts within the layer; the last ones may be missing. */
  readonly parts: readonly string[];
  readonly needed: number;
  fits(...parts: Tensor[]): boolean;
  /** The weight; intermediate tensors are the caller's to free. */
  whole(...parts: Tensor[]): Tensor;
}

const lengthAndDirection = {
  needed: 2,
  fits: ({ shape }: Tensor, v: Tensor) =>
    shape.length === v.rank && shape.every((size, dim) => size === 1 || size === v.shape[dim]),
  /**
   * weight = g·v / ‖v‖, the norm over the dimensions in which g has length 1 (Salimans and Kingma
   * 2016).
   */
  whole: (g: Tensor, v: Tensor) => {
    const dims = g.shape.flatMap((size, dim) => (size === 1 ? [dim] : []));
    return v.mul(g.div(dims.length === 0 ? v.abs() : v.norm(2, dims, true)));
  },
};

const spectral = {
  needed: 2,
  fits: (weight: Tensor, u: Tensor, v?: Tensor) =>
    u.rank === 1 &&
    matrixDims(weight, u).length > 0 &&
    (v === undefined || (v.rank === 1 && u.size * v.size === weight.size)),
  /**
   * weight / (uᵀ W v), with W the weight as a matrix and u, v its first singular vectors (Miyato et
   * al. 2018, eq. 8).
   */
  whole: (weight: Tensor, u: Tensor, v?: Tensor) => {
    const norms = matrixDims(weight, u).map((dim) => {
      const back = matrix(weight, dim).transpose(0, 1).mv(u);
      // PyTorch before 1.0.1 stored no v: it is Wᵀu, scaled to length 1.
      return v === undefined ? back.norm() : back.dot(v);
    });
    // The outputs of a transposed convolution are in the second dimension. Where both have the
    // length of u, the vectors belong to the one with the larger norm.
    const sizes = norms.map((norm) => Math.abs(norm.item() as number));
    return weight.div(norms[sizes.indexOf(Math.max(...sizes))] as Tensor);
  },
};

/** The dimensions in which a weight can be unfolded for u. */
function matrixDims({ shape }: Tensor, u: Tensor): number[] {
  return [0, 1].filter((dim) => shape.length > 1 && shape[dim] === u.size);
}

function matrix(weight: Tensor, dim: number): Tensor {
  return (dim === 0 ? weight : weight.transpose(0, dim)).reshape([weight.shape[dim] as number, -1]);
}

const kinds: readonly WeightParts[] = [
  { parts: ['weight_g', 'weight_v'], ...lengthAndDirection },
  {
    parts: ['parametrizations.weight.original0', 'parametrizations.weight.original1'],
    ...lengthAndDirection,
  },
  { parts: ['weight_orig', 'weight_u', 'weight_v'], ...spectral },
  {
    parts: [
      'parametrizations.weight.original',
      'parametrizations.weight.0._u',
      'parametrizations.weight.0._v',
    ],
    ...spectral,
  },
];

/**
 * The same tensors with whole weights: parts that belong together are replaced by the weight that
 * they make, called `weight`, in the place of the first. Parts that do not fit together stay.
 */
export function wholeWeights(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const whole = new Map<string, Tensor>();
  for (const [name, tensor] of state) {
    const found = partsOf(state, name);
    if (!found) whole.set(name, tensor);
    // PyTorch before 1.0.1 stored the whole weight beside its parts.
    else if (!state.has(found.weight) && !whole.has(found.weight)) {
      whole.set(
        found.weight,
        scope(() => found.kind.whole(...found.tensors)),
      );
    }
  }
  return whole;
}

function partsOf(
  state: ReadonlyMap<string, Tensor>,
  name: string,
): { kind: WeightParts; weight: string; tensors: Tensor[] } | undefined {
  for (const kind of kinds) {
    const part = kind.parts.find((each) => name === each || name.endsWith(`.${each}`));
    if (part === undefined) continue;
    const layer = name.slice(0, -part.length);
    const tensors = kind.parts.flatMap((each) => state.get(layer + each) ?? []);
    const complete = kind.parts.slice(0, kind.needed).every((each) => state.has(layer + each));
    if (complete && kind.fits(...tensors)) return { kind, weight: `${layer}weight`, tensors };
  }
  return undefined;
}
