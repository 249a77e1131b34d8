import { z } from 'zod';
import { optionsObject } from '../native/option-fields.js';
import { parseOptions } from '../native/options.js';
import { scope } from '../tensor/index.js';
import { type DictionaryMetrics, dictionaryMetrics } from './dictionary-metrics.js';
import {
  type DictionaryLayer,
  type LayerGrouping,
  layerGroupings,
  layersOf,
  type StateDict,
} from './model-layers.js';
import type { SplineGrid } from './spline-dictionary.js';

/** The geometry of one layer, a row of the tables and a point of the curves. */
export interface LayerGeometry
  extends Omit<DictionaryMetrics, 'babel' | 'eigenvalues'>,
    Pick<DictionaryLayer, 'name' | 'kind' | 'residual'> {}

export interface ModelGeometryOptions {
  /** How layers are found: by shapes and names, or as the paper counts those of a TSSDNet. Default 'any'. */
  model?: LayerGrouping;
  /** The grid of a KAN's splines; without it they are no layers. */
  spline?: SplineGrid;
}

const schema = optionsObject({
  model: z.enum(layerGroupings, { error: `Expected ${layerGroupings.join(', ')}` }).default('any'),
  // Checked where it is used.
  spline: z.custom<SplineGrid>().optional(),
});

/**
 * Geometric properties of every layer of a model, in the order of depth (paper 2, Tables 2 to 4 and Figure 5).
 *
 * @param state tensors by name: `stateDict()` of a network, or those of a safetensors file
 * @throws FewSoundError INVALID_ARGUMENT where there is no layer or the model is another one, SHAPE_MISMATCH
 */
export function geometryOfModel(
  state: StateDict,
  options: ModelGeometryOptions = {},
): LayerGeometry[] {
  const { model, spline } = parseOptions(schema, options, 'geometryOfModel options');
  return layersOf(state, model, spline).map(({ name, kind, residual, dictionary }) =>
    scope(() => {
      const {
        babel: _,
        eigenvalues: __,
        ...metrics
      } = dictionaryMetrics(dictionary(), {
        babel: 0,
      });
      return { name, kind, residual, ...metrics };
    }),
  );
}
