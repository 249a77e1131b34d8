import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { ops, scope, type Tensor } from '../tensor/index.js';

/** Tensors by name, as a state dict has them. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** A layer that is a dictionary. */
export interface DictionaryLayer {
  /** The name of its weight without `.weight`; a block's is that of the paper. */
  readonly name: string;
  /** 'block': several convolutions side by side. */
  readonly kind: LayerKind | 'spline' | 'block';
  /** Whether what goes round the layer is added to its output, as far as names say so. */
  readonly residual: boolean;
  /** Makes the dictionary [dimension, atoms]. */
  readonly dictionary: () => Tensor;
}

/** What a layer's weight can be. */
export type LayerKind = 'conv1d' | 'conv2d' | 'linear';

/** How a weight becomes a dictionary. */
export interface DictionaryOptions {
  /** Default: by the rank of the weight, 3 conv1d, 4 conv2d, 2 linear. */
  kind?: LayerKind;
  /** Distance of the taps, 1 or more. Default 1. Taps between them are zeros of the atom. */
  dilation?: number;
  /** Groups of a convolution. Default 1. An output has zeros where the inputs of the other groups are. */
  groups?: number;
  /** Taps that a conv1d's atoms are filled up to with zeros on the right. Default: its own support. */
  support?: number;
}

/** One branch of a layer that is several convolutions side by side. */
export interface DictionaryBranch {
  /** [out, in / groups, kernel] */
  readonly weight: Tensor;
  readonly dilation?: number;
  readonly groups?: number;
}

const schema = optionsObject({
  kind: z
    .enum(['conv1d', 'conv2d', 'linear'], { error: 'Expected conv1d, conv2d or linear' })
    .optional(),
  dilation: wholeNumber(1, 2 ** 20).default(1),
  groups: wholeNumber(1, 2 ** 20).default(1),
  support: wholeNumber(1, 2 ** 24).optional(),
});

const ranks: Readonly<Record<LayerKind, number>> = { linear: 2, conv1d: 3, conv2d: 4 };

/**
 * A layer's weight as a dictionary: a column for each output (paper 2, section 2.2). [out, in, k] becomes (in·k) × out,
 * the taps of one input side by side; [out, in] becomes in × out.
 *
 * @param weight conv1d [out, in / groups, k], conv2d [out, in / groups, height, width], linear [out, in]
 * @returns [dimension, atoms], in the weight's dtype
 * @throws FewSoundError SHAPE_MISMATCH for a weight of another rank, or outputs that do not divide into the groups;
 *   INVALID_ARGUMENT
 */
export function dictionaryOf(weight: Tensor, options: DictionaryOptions = {}): Tensor {
  const { dilation, groups, support, ...given } = parseOptions(
    schema,
    options,
    'dictionaryOf options',
  );
  const kind = given.kind ?? kindByRank(weight);
  requireRank(weight, kind);
  return scope(() => {
    const [outputs = 0] = weight.shape;
    if (outputs % groups !== 0 || (kind === 'linear' && groups > 1)) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `dictionaryOf: ${outputs} outputs of a ${kind} layer do not divide into ${groups} groups.`,
        { field: 'groups', shapes: [[...weight.shape]] },
      );
    }
    const spread = kind === 'linear' ? weight.detach() : dilated(weight.detach(), kind, dilation);
    const filled =
      support === undefined || kind !== 'conv1d' ? spread : filledUp(spread, support, weight);
    const rows = filled.reshape([outputs, -1]); // [out, in / groups · taps]
    if (groups === 1) return rows.transpose();
    const width = rows.shape[1] as number;
    const placed = rows
      .chunk(groups, 0)
      .map((part, group) => part.pad([group * width, (groups - 1 - group) * width]));
    return ops.cat(placed, 0).transpose();
  });
}

/**
 * A layer of several convolutions side by side as one dictionary: taps at their dilated places, zeros on the right up to
 * the longest branch, the branches' atoms one after another (the blocks of Inc-TSSDNet in paper 2, Table 4).
 *
 * @returns [in · longest support, atoms of all branches]
 * @throws FewSoundError SHAPE_MISMATCH where the branches do not have the same inputs, INVALID_ARGUMENT for none
 */
export function blockDictionary(branches: readonly DictionaryBranch[]): Tensor {
  if (branches.length === 0) {
    throw new FewSoundError('INVALID_ARGUMENT', 'blockDictionary: there is not one branch.', {
      field: 'branches',
    });
  }
  for (const { weight } of branches) requireRank(weight, 'conv1d');
  const support = Math.max(
    ...branches.map(({ weight, dilation = 1 }) => ((weight.shape[2] as number) - 1) * dilation + 1),
  );
  return scope(() => {
    const dictionaries = branches.map(({ weight, dilation = 1, groups = 1 }) =>
      dictionaryOf(weight, { kind: 'conv1d', dilation, groups, support }),
    );
    const [first, ...others] = dictionaries.map(({ shape }) => shape[0]);
    if (others.some((dimension) => dimension !== first)) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        'blockDictionary: the branches read different numbers of inputs; a layer is one dictionary where all read the same.',
        { field: 'branches', shapes: branches.map(({ weight }) => [...weight.shape]) },
      );
    }
    return ops.cat(dictionaries, 1);
  });
}

/** The kind of layer that a weight of this rank belongs to; undefined for none. */
export function layerKindOf(weight: Tensor): LayerKind | undefined {
  const { rank } = weight;
  return (Object.keys(ranks) as LayerKind[]).find((kind) => ranks[kind] === rank);
}

function kindByRank(weight: Tensor): LayerKind {
  const kind = layerKindOf(weight);
  if (kind !== undefined) return kind;
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `dictionaryOf: the weight has the shape [${weight.shape.join(', ')}]; expected [out, in], [out, in, kernel] or [out, in, height, width].`,
    { shapes: [[...weight.shape]] },
  );
}

function requireRank(weight: Tensor, kind: LayerKind): void {
  if (weight.rank === ranks[kind] && weight.size > 0) return;
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `a ${kind} weight has ${ranks[kind]} dimensions and elements, but this one has the shape [${weight.shape.join(', ')}].`,
    { shapes: [[...weight.shape]] },
  );
}

/** The taps at their places, zeros between them. */
function dilated(weight: Tensor, kind: 'conv1d' | 'conv2d', dilation: number): Tensor {
  if (dilation === 1) return weight;
  const dims = kind === 'conv1d' ? [2] : [2, 3];
  return dims.reduce((spread, dim) => {
    const { shape } = spread;
    const taps = shape[dim] as number;
    // A zero beside each tap, dilation - 1 of them: [..., taps, 1, ...] → [..., taps, dilation, ...]
    const beside = shape.slice(dim + 1).flatMap(() => [0, 0]);
    const wide = spread.unsqueeze(dim + 1).pad([...beside, 0, dilation - 1]);
    return wide
      .reshape([...shape.slice(0, dim), taps * dilation, ...shape.slice(dim + 1)])
      .narrow(dim, 0, (taps - 1) * dilation + 1);
  }, weight);
}

function filledUp(spread: Tensor, support: number, weight: Tensor): Tensor {
  const missing = support - (spread.shape[2] as number);
  if (missing >= 0) return missing === 0 ? spread : spread.pad([0, missing]);
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `dictionaryOf: the taps reach over ${spread.shape[2]} samples, more than the support of ${support}.`,
    { field: 'support', shapes: [[...weight.shape]] },
  );
}
