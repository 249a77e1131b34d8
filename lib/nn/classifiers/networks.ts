import { FewSoundError } from '../../errors.js';
import {
  type ClassifierKind,
  type ClassifierOptions,
  classifierKinds,
  WaveformClassifier,
  type WaveformCnnOptions,
} from './classifier.js';

/**
 * CNN whose first filters hear 300 samples, one to three periods of a voice's pitch (paper 2,
 * section 3.1): three convolutions, each followed by ELU, batch norm and max-pooling, then a dense
 * layer with ReLU and dropout, and one that gives the logits. The authors' program has 100 filters
 * in the second layer where the paper says 80.
 *
 * Tensors: `layers.i.branches.j.weight` [filters, channels, width] and `.bias`, `layers.i.norm.…`,
 * `dense.…`, `output.…`.
 */
export class SegmentalCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'segmental-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('segmental-cnn', options);
  }
}

/**
 * The same with first filters of 30 samples, less than a period of the pitch (paper 2, section
 * 3.1).
 */
export class SubSegmentalCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'sub-segmental-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('sub-segmental-cnn', options);
  }
}

/**
 * The same with filters of several widths side by side in every layer (paper 2, section 3.1), each
 * centered at its frame so that their frames agree. The authors' program has kernels of 15 in the
 * second layer too.
 */
export class MultiResolutionCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'multi-resolution-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('multi-resolution-cnn', options);
  }
}

/**
 * Res-TSSDNet (Hua, Teoh, Zhang 2021, "Towards end-to-end synthetic speech detection"): a
 * convolution, four residual modules, the largest value over time, three dense layers. Tensors have
 * the names of the published checkpoints.
 */
export class ResTssdnet extends WaveformClassifier {
  override readonly kind = 'res-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('res-tssdnet', options);
  }
}

/**
 * Inc-TSSDNet (Hua, Teoh, Zhang 2021): the same with modules of four convolutions side by side,
 * dilated by 1, 2, 4 and 8. With two classes it has 92,658 parameters.
 */
export class IncTssdnet extends WaveformClassifier {
  override readonly kind = 'inc-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('inc-tssdnet', options);
  }
}

const classes = {
  'segmental-cnn': SegmentalCnn,
  'sub-segmental-cnn': SubSegmentalCnn,
  'multi-resolution-cnn': MultiResolutionCnn,
  'res-tssdnet': ResTssdnet,
  'inc-tssdnet': IncTssdnet,
} as const satisfies Record<ClassifierKind, unknown>;

/** The class of each kind of classifier. */
export type ClassifierByKind = { [Kind in ClassifierKind]: InstanceType<(typeof classes)[Kind]> };

/** The options of each kind of classifier. */
export type ClassifierOptionsByKind = {
  [Kind in ClassifierKind]: NonNullable<ConstructorParameters<(typeof classes)[Kind]>[0]>;
};

/**
 * A classifier by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createClassifier<Kind extends ClassifierKind>(
  kind: Kind,
  options?: ClassifierOptionsByKind[Kind],
): ClassifierByKind[Kind] {
  if (!classifierKinds.includes(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${classifierKinds.join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options) as ClassifierByKind[Kind];
}
