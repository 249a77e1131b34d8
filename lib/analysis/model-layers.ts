import { invalidArgument } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import type { DictionaryLayer, StateDict } from './dictionary.js';
import { blockDictionary, dictionaryOf, layerKindOf } from './dictionary.js';
import {
  describedLayers,
  incTssdnetLayers,
  type LayerDescription,
  resTssdnetLayers,
} from './layer-descriptions.js';
import { type SplineGrid, splineDictionary } from './spline-dictionary.js';

/** How to find layers in a state dict. */
export const layerGroupings = ['any', 'inc-tssdnet', 'res-tssdnet'] as const;
export type LayerGrouping = (typeof layerGroupings)[number];

/**
 * Finds the layers of a model by the names and shapes of its tensors, without its class.
 *
 * 'any' takes every tensor whose name ends in `weight`: of rank 2 linear, 3 conv1d, 4 conv2d; and
 * with `spline` every `coefficients` of a KAN. Convolutions named `….branches.N.weight` that read
 * the same inputs are one layer. Norms, which scale and do not combine, are not layers, whatever
 * the rank of their weights. A shape does not show dilation and groups, nor whether a convolution
 * is transposed: describe such layers.
 *
 * @param grouping how to find layers, or their descriptions
 * @throws FewSoundError INVALID_ARGUMENT where there are no layers, or not those of the named
 *   architecture
 */
export function layersOf(
  state: StateDict,
  grouping: LayerGrouping | readonly LayerDescription[] = 'any',
  spline?: SplineGrid,
): DictionaryLayer[] {
  if (typeof grouping !== 'string') return describedLayers(state, grouping, 'the model described');
  if (grouping === 'inc-tssdnet') return describedLayers(state, incTssdnetLayers, 'an Inc-TSSDNet');
  if (grouping === 'res-tssdnet') return describedLayers(state, resTssdnetLayers, 'a Res-TSSDNet');
  const layers = withBlocks(inDepth(state)).flatMap((part) =>
    'branches' in part ? [blockOf(part)] : layerOf(part.name, part.tensor, spline),
  );
  if (layers.length > 0) return layers;
  const splines = [...state.keys()].some((name) => /(^|\.)coefficients$/.test(name));
  throw invalidArgument(
    splines ? 'spline' : 'state',
    splines
      ? 'the model has splines on an unknown grid; pass spline: { grid, order }.'
      : 'the model has no layers: no tensor with a name ending in "weight" and 2, 3 or 4 dimensions.',
  );
}

interface Block {
  readonly name: string;
  readonly branches: readonly Tensor[];
}

interface Single {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Tensors, with the branches of a layer grouped. */
function withBlocks(
  entries: readonly (readonly [name: string, tensor: Tensor])[],
): (Block | Single)[] {
  const blocks = new Map<string, Tensor[]>();
  for (const [name, tensor] of entries) {
    const block = blockName(name, tensor);
    if (block !== undefined) blocks.set(block, [...(blocks.get(block) ?? []), tensor]);
  }
  const placed = new Set<string>();
  return entries.flatMap(([name, tensor]): (Block | Single)[] => {
    const block = blockName(name, tensor);
    const branches = blocks.get(block ?? '') ?? [];
    const together = new Set(branches.map(({ shape }) => shape[1])).size === 1;
    if (block === undefined || !together) return [{ name, tensor }];
    if (branches.length === 1) return [{ name: `${withoutBranches(block)}.weight`, tensor }];
    if (placed.has(block)) return [];
    placed.add(block);
    return [{ name: block, branches }];
  });
}

const blockName = (name: string, { rank }: Tensor) =>
  rank === 3 ? /^(.*\bbranches)\.\d+\.(\w+\.)*weight$/.exec(name)?.[1] : undefined;

const withoutBranches = (name: string) => name.replace(/\.branches$/, '');

function blockOf({ name, branches }: Block): DictionaryLayer {
  const dictionary = () => blockDictionary(branches.map((weight) => ({ weight })));
  return {
    name: withoutBranches(name),
    kind: 'block',
    residual: residualName.test(name),
    dictionary,
  };
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

/** Names of layers with a shortcut, in FewSound's encoders and in common residual networks. */
const residualName =
  /(^|\.)(units\.\d+\.pointwise|attention\.out|layers\.\d+\.(self_attn\.out_proj|fc2)|RSM\d+\.conv3|res(idual)?s?|shortcut|skip|nin|downsample)(\.|_?\d|$)/i;

/** Names of norms; in SoundStream's encoder their weight is [channels, samples]. */
const normName = /(^|\.)(\w*norm\w*|bn\d*|ln\d*)\.weight$/i;

const layerName = (name: string, role: string) =>
  name === role ? name : name.slice(0, -role.length - 1);

/**
 * Tensors in the order of depth. Our files and those of torch.save keep it; safetensors of other
 * programs have their tensors in alphabetical order, grouped by dtype: those are sorted by the
 * numbers in their names.
 */
export function inDepth(state: StateDict): [name: string, tensor: Tensor][] {
  const entries = [...state];
  const names = entries.flatMap(([name, { rank }]) => (rank > 1 ? [name] : []));
  const alphabetical = names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
  if (!alphabetical) return entries;
  return entries.sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}
