import { z } from 'zod';
import { invalidArgument } from '../errors.js';
import { flag, optionsObject, parseOptions } from '../options.js';
import { scope } from '../tensor/index.js';
import type { DictionaryLayer, StateDict } from './dictionary.js';
import { type DictionaryMetrics, dictionaryMetrics } from './dictionary-metrics.js';
import { type GapMeasures, type GapMeasuresOptions, gapMeasures } from './gap-measures.js';
import type { LayerDescription } from './layer-descriptions.js';
import { type LayerGrouping, layerGroupings, layersOf } from './model-layers.js';
import type { SplineGrid } from './spline-dictionary.js';
import { wholeWeights } from './whole-weights.js';

/** The geometry of one layer. */
export interface LayerGeometry
  extends Omit<DictionaryMetrics, 'babel' | 'eigenvalues'>,
    Partial<Pick<DictionaryMetrics, 'babel' | 'eigenvalues'>>,
    Pick<DictionaryLayer, 'name' | 'kind' | 'residual'> {
  readonly gap?: GapMeasures;
}

export interface ModelGeometryOptions {
  /** How to find layers: by names and shapes, as the paper does, or as described. Default 'any'. */
  model?: LayerGrouping | readonly LayerDescription[];
  /** The grid of a KAN's splines; without it they are not layers. */
  spline?: SplineGrid;
  /** Only these layers, by name or by a prefix up to a dot. Default: all. */
  layers?: readonly string[];
  /** Keep the Babel function and all eigenvalues. Default false. */
  distributions?: boolean;
  /** Also search for the gaps, which takes longer than everything else. Default false. */
  gap?: boolean | GapMeasuresOptions;
}

const schema = optionsObject({
  model: z
    .union([z.enum(layerGroupings), z.array(z.custom<LayerDescription>())], {
      error: `Expected ${layerGroupings.join(', ')}, or a list of layers`,
    })
    .default('any'),
  // Checked where it is used.
  spline: z.custom<SplineGrid>().optional(),
  layers: z.array(z.string(), { error: 'Expected names of layers' }).optional(),
  distributions: flag.default(false),
  gap: z
    .union([flag, z.custom<GapMeasuresOptions>((value) => typeof value === 'object')])
    .default(false),
});

/**
 * Geometric properties of every layer of a model, in the order of depth (paper 2, Tables 2 to 4 and
 * Figure 5).
 *
 * @param state tensors by name: `stateDict()` of a network, or those of `readModelFile`
 * @throws FewSoundError INVALID_ARGUMENT where there are no layers or the model is of another kind,
 *   SHAPE_MISMATCH
 */
export function geometryOfModel(
  state: StateDict,
  options: ModelGeometryOptions = {},
): LayerGeometry[] {
  return scope(() => layerGeometries(state, options).map((compute) => compute()));
}

/**
 * The layers of {@link geometryOfModel}, each computed when it is called, in the scope around.
 *
 * @internal
 */
export function layerGeometries(
  state: StateDict,
  options: ModelGeometryOptions,
): (() => LayerGeometry)[] {
  const { model, spline, layers, distributions, gap } = parseOptions(
    schema,
    options,
    'geometryOfModel options',
  );
  const all = layersOf(wholeWeights(state), model, spline);
  const chosen = layers === undefined ? all : layers.flatMap((name) => layersNamed(all, name));
  return [...new Set(chosen)].map(({ name, kind, residual, dictionary }) => () => {
    return scope(() => {
      const atoms = dictionary();
      const { babel, eigenvalues, ...metrics } = dictionaryMetrics(
        atoms,
        distributions ? {} : { babel: 0 },
      );
      return {
        ...{ name, kind, residual, ...metrics },
        ...(distributions && { babel, eigenvalues }),
        ...(gap !== false && { gap: gapMeasures(atoms, gap === true ? {} : gap) }),
      };
    });
  });
}

function layersNamed(all: readonly DictionaryLayer[], name: string): DictionaryLayer[] {
  const found = all.filter((layer) => layer.name === name || layer.name.startsWith(`${name}.`));
  if (found.length > 0) return found;
  throw invalidArgument(
    'layers',
    `there is no layer "${name}"; the model has ${listed(all.map((layer) => layer.name))}.`,
  );
}

/** Names, but no more than anybody reads. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}
