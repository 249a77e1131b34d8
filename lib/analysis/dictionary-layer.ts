import type { Tensor } from '../tensor/index.js';
import type { LayerKind } from './dictionary.js';

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
