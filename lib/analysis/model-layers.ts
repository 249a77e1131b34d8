import { FewSoundError } from '../native/errors.js';
import type { Tensor } from '../tensor/index.js';
import { dictionaryOf, type LayerKind, layerKindOf } from './dictionary.js';
import { type SplineGrid, splineDictionary } from './spline-dictionary.js';
import { incTssdnetLayers, resTssdnetLayers } from './tssdnet-layers.js';

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

/** How layers are found in a state dict. */
export const layerGroupings = ['any', 'inc-tssdnet', 'res-tssdnet'] as const;
export type LayerGrouping = (typeof layerGroupings)[number];

/**
 * The layers of a model, by the names and shapes of its tensors: without its class.
 *
 * 'any' takes every tensor whose name ends in `weight`: of rank 2 linear, 3 conv1d, 4 conv2d; and with `spline` every
 * `coefficients` of a KAN. Norms, which scale and do not combine, are none, whatever the rank of their weights. Transposed
 * convolutions cannot be told from others by their shape.
 *
 * @throws FewSoundError INVALID_ARGUMENT where there is no layer, or none of the architecture that was named
 */
export function layersOf(
  state: StateDict,
  grouping: LayerGrouping = 'any',
  spline?: SplineGrid,
): DictionaryLayer[] {
  if (grouping === 'inc-tssdnet') return incTssdnetLayers(state);
  if (grouping === 'res-tssdnet') return resTssdnetLayers(state);
  const layers = inDepth(state).flatMap(([name, tensor]) => layerOf(name, tensor, spline));
  if (layers.length > 0) return layers;
  const splines = [...state.keys()].some((name) => /(^|\.)coefficients$/.test(name));
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    splines
      ? 'the model has splines, and nothing says on which grid; give spline: { grid, order }.'
      : 'the model has no layer: no tensor whose name ends in "weight" and that has 2, 3 or 4 dimensions.',
    { field: splines ? 'spline' : 'state' },
  );
}

function layerOf(name: string, tensor: Tensor, spline: SplineGrid | undefined): DictionaryLayer[] {
  if (tensor.size === 0 || tensor.dtype.startsWith('complex')) return [];
  const residual = residualName.test(name);
  if (spline !== undefined && /(^|\.)coefficients$/.test(name) && tensor.rank === 3) {
    const dictionary = () => splineDictionary(tensor, spline);
    return [{ name: layerName(name, 'coefficients'), kind: 'spline', residual, dictionary }];
  }
  const kind = layerKindOf(tensor);
  if (!/(^|\.)weight$/.test(name) || normName.test(name) || kind === undefined) return [];
  const dictionary = () => dictionaryOf(tensor, { kind });
  return [{ name: layerName(name, 'weight'), kind, residual, dictionary }];
}

/** Names of layers whose output a shortcut is added to, in FewSound's encoder and in usual residual networks. */
const residualName =
  /(^|\.)(units\.\d+\.pointwise|RSM\d+\.conv3|res(idual)?s?|shortcut|skip|nin|downsample)(\.|_?\d|$)/i;

/** Names of norms: that of FewSound's encoder has a weight [channels, samples]. */
const normName = /(^|\.)(\w*norm\w*|bn\d*|ln\d*)\.weight$/i;

const layerName = (name: string, role: string) =>
  name === role ? name : name.slice(0, -role.length - 1);

/**
 * Tensors in the order of depth. A file of ours keeps it; one that was written in the order of the alphabet is at least
 * sorted by the numbers in its names.
 *
 * @internal
 */
export function inDepth(state: StateDict): [name: string, tensor: Tensor][] {
  const entries = [...state];
  const names = entries.map(([name]) => name);
  const alphabetical = names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
  if (!alphabetical) return entries;
  return entries.sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}
