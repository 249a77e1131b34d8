import {
  type ClassifierKind,
  createClassifier,
  type WaveformClassifier,
  type WaveformCnnOptions,
} from '../../lib/nn';
import { scope, type Tensor, tensor } from '../../lib/tensor';

/** Samples of a recording of a small classifier. */
export const SAMPLES = 400;

/** A CNN of a few hundred parameters. */
const smallCnn = {
  classes: 3,
  samples: SAMPLES,
  layers: [
    { kernels: [10, 15], filters: 3, stride: 5, pooling: 2 },
    { kernels: [3], filters: 4, pooling: 2 },
  ],
  hidden: 6,
  seed: 7,
} as const satisfies WaveformCnnOptions;

/** A small classifier of a kind. TSSDNets have one size. */
export function smallClassifier(
  kind: ClassifierKind,
  more: WaveformCnnOptions = {},
): WaveformClassifier {
  if (/tssdnet$/.test(kind)) {
    const { dropout: _, ...common } = more;
    return createClassifier(kind, { classes: 3, samples: SAMPLES, seed: 7, ...common });
  }
  return createClassifier(kind, { ...smallCnn, ...more });
}

/** Sounds that differ, [count, samples]. */
export function smallSounds(count: number, dtype: 'float32' | 'float64' = 'float32'): Tensor {
  return tensor(
    Array.from({ length: count }, (_, row) =>
      Array.from({ length: SAMPLES }, (_, i) => Math.sin((i * i * (row + 1)) / 900 + row)),
    ),
    { dtype },
  );
}

/** The numbers of a state, by name. */
export function stateOf(model: WaveformClassifier): Map<string, string> {
  return scope(
    () =>
      new Map(
        [...model.stateDict()].map(([name, value]) => [
          name,
          Buffer.from(value.detach().clone().data().buffer).toString('hex'),
        ]),
      ),
  );
}
