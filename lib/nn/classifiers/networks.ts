import { FewSoundError } from '../../errors.js';
import { optionsObject } from '../../options.js';
import {
  type ClassifierKind,
  type ClassifierOptions,
  classifierFields,
  classifierKinds,
  WaveformClassifier,
  type WaveformCnnOptions,
  type WaveformLayer,
  waveformCnnFields,
} from './classifier.js';

/** Six seconds at 16 kHz; four poolings by 4 leave one frame of 256 samples. */
const schema = optionsObject(classifierFields(96_000, 256));

/**
 * Res-TSSDNet (Hua, Teoh, Zhang 2021, "Towards end-to-end synthetic speech detection"): a convolution, four residual
 * modules, the largest value over time, three dense layers. Tensors have the names of the published checkpoints.
 */
export class ResTssdnet extends WaveformClassifier {
  override readonly kind = 'res-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('res-tssdnet', 'res-tssdnet', schema, options);
  }
}

/**
 * Inc-TSSDNet (Hua, Teoh, Zhang 2021): the same with modules of four convolutions side by side, dilated by 1, 2, 4 and 8.
 * With two classes it has 92,658 parameters.
 */
export class IncTssdnet extends WaveformClassifier {
  override readonly kind = 'inc-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('inc-tssdnet', 'inc-tssdnet', schema, options);
  }
}

/** Layers whose first kernels have one width (paper 2, section 3.1), with the filters that the paper names. */
const ofOneWidth = (kernel: number): Required<WaveformLayer>[] => [
  { kernels: [kernel], filters: 80, stride: 10, pooling: 2 },
  { kernels: [7], filters: 80, stride: 1, pooling: 2 },
  { kernels: [3], filters: 100, stride: 1, pooling: 2 },
];

const segmental = optionsObject(waveformCnnFields(ofOneWidth(300)));

/**
 * CNN whose first filters hear 300 samples, one to three periods of a voice's pitch (paper 2, section 3.1): three
 * convolutions, each followed by ELU, batch norm and max-pooling, then a dense layer with ReLU and dropout, and one that
 * gives the logits. The authors' program has 100 filters in the second layer where the paper says 80.
 *
 * Tensors: `layers.i.branches.j.weight` [filters, channels, width] and `.bias`, `layers.i.norm.…`, `dense.…`, `output.…`.
 */
export class SegmentalCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'segmental-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('segmental-cnn', 'waveform-cnn', segmental, options);
  }
}

const subSegmental = optionsObject(waveformCnnFields(ofOneWidth(30)));

/** The same with first filters of 30 samples, less than a period of the pitch (paper 2, section 3.1). */
export class SubSegmentalCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'sub-segmental-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('sub-segmental-cnn', 'waveform-cnn', subSegmental, options);
  }
}

const multiResolution = optionsObject(
  waveformCnnFields([
    { kernels: [10, 30, 50, 70, 90, 150, 300, 500], filters: 10, stride: 10, pooling: 3 },
    { kernels: [3, 6, 9, 12], filters: 20, stride: 1, pooling: 3 },
    { kernels: [3, 5, 7, 9], filters: 25, stride: 1, pooling: 1 },
  ]),
);

/**
 * The same with filters of several widths side by side in every layer (paper 2, section 3.1), each centred at its frame so
 * that their frames agree. The authors' program has kernels of 15 in the second layer too.
 */
export class MultiResolutionCnn extends WaveformClassifier<WaveformCnnOptions> {
  override readonly kind = 'multi-resolution-cnn';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WaveformCnnOptions = {}) {
    super('multi-resolution-cnn', 'waveform-cnn', multiResolution, options);
  }
}

/** The options of each kind of classifier. */
export interface ClassifierOptionsByKind {
  'segmental-cnn': WaveformCnnOptions;
  'sub-segmental-cnn': WaveformCnnOptions;
  'multi-resolution-cnn': WaveformCnnOptions;
  'res-tssdnet': ClassifierOptions;
  'inc-tssdnet': ClassifierOptions;
}

const classes = {
  'segmental-cnn': SegmentalCnn,
  'sub-segmental-cnn': SubSegmentalCnn,
  'multi-resolution-cnn': MultiResolutionCnn,
  'res-tssdnet': ResTssdnet,
  'inc-tssdnet': IncTssdnet,
} as const satisfies {
  readonly [Kind in ClassifierKind]: new (
    options?: ClassifierOptionsByKind[Kind],
  ) => unknown;
};

/**
 * A classifier by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createClassifier<Kind extends ClassifierKind>(
  kind: Kind,
  options?: ClassifierOptionsByKind[Kind],
): WaveformClassifier {
  if (!classifierKinds.includes(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${classifierKinds.join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options);
}
