import { z } from 'zod';
import { FewSoundError, invalidArgument } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { ops, scope, type Tensor } from '../tensor/index.js';

/** Tensors by name, as a state dict has them. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** A layer that is a dictionary. */
export interface DictionaryLayer {
  /** The name of its weight without `.weight`; for a block, its name in the paper. */
  readonly name: string;
  /** 'block': several convolutions side by side. */
  readonly kind: LayerKind | 'spline' | 'block';
  /** Whether a shortcut is added to its output, as far as names tell. */
  readonly residual: boolean;
  /** Makes the dictionary [dimension, atoms]. */
  readonly dictionary: () => Tensor;
}

/** The kinds of layers, by their weights. */
export type LayerKind = 'conv1d' | 'conv2d' | 'linear';

/** How a weight becomes a dictionary. */
export interface DictionaryOptions {
  /** Default: by the rank of the weight, 3 conv1d, 4 conv2d, 2 linear. */
  kind?: LayerKind;
  /** Distance between taps, 1 or more. Default 1. The atom has zeros between them. */
  dilation?: number;
  /** Groups of a convolution. Default 1. An atom has zeros where other groups have their inputs. */
  groups?: number;
  /** Taps to pad the atoms of a conv1d to, with zeros on the right. Default: no padding. */
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
 * A layer's weight as a dictionary with a column for each output (paper 2, section 2.2). [out, in,
 * k] becomes (in·k) × out, the taps of one input side by side; [out, in] becomes in × out.
 *
 * @param weight conv1d [out, in / groups, k], conv2d [out, in / groups, height, width], linear
 *   [out, in]
 * @returns [dimension, atoms], in the weight's dtype
 * @throws FewSoundError SHAPE_MISMATCH for a weight of another rank, or outputs that do not divide
 *   into the groups; INVALID_ARGUMENT
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
 * A layer of several convolutions side by side as one dictionary: taps at their dilated places,
 * zeros on the right up to the longest branch, the branches' atoms one after another (the blocks of
 * Inc-TSSDNet in paper 2, Table 4).
 *
 * @returns [in · longest support, atoms of all branches]
 * @throws FewSoundError SHAPE_MISMATCH where the branches do not have the same inputs,
 *   INVALID_ARGUMENT for none
 */
export function blockDictionary(branches: readonly DictionaryBranch[]): Tensor {
  if (branches.length === 0) {
    throw invalidArgument('branches', 'blockDictionary: expected at least one branch.');
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
        'blockDictionary: the branches read different numbers of inputs; only branches that read the same inputs form one dictionary.',
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
    `dictionaryOf: expected a weight [out, in], [out, in, kernel] or [out, in, height, width], got the shape [${weight.shape.join(', ')}].`,
    { shapes: [[...weight.shape]] },
  );
}

function requireRank(weight: Tensor, kind: LayerKind): void {
  if (weight.rank === ranks[kind] && weight.size > 0) return;
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `expected a ${kind} weight of ${ranks[kind]} dimensions, got the shape [${weight.shape.join(', ')}].`,
    { shapes: [[...weight.shape]] },
  );
}

function dilated(weight: Tensor, kind: 'conv1d' | 'conv2d', dilation: number): Tensor {
  if (dilation === 1) return weight;
  const dims = kind === 'conv1d' ? [2] : [2, 3];
  return dims.reduce((spread, dim) => {
    const { shape } = spread;
    const taps = shape[dim] as number;
    // A zero beside each tap, dilation - 1 of them: [..., taps, 1, ...] → [..., taps, dilation,
    // ...]
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
    `dictionaryOf: the taps span ${spread.shape[2]} samples, more than the support of ${support}.`,
    { field: 'support', shapes: [[...weight.shape]] },
  );
}
