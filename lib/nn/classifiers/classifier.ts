import { z } from 'zod';
import { addon } from '../../addon/addon.js';
import type {
  ClassifierArchitecture,
  ClassifierArgument,
  ClassifierHandle,
} from '../../addon/models.js';
import { type Placement, placementField } from '../../audio/placement.js';
import { FewSoundError } from '../../errors.js';
import {
  commonFields,
  flag,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../../options.js';
import {
  type Device,
  handleOf,
  ops,
  ownTensor,
  scope,
  type Tensor,
  wrapTensor,
} from '../../tensor/index.js';
import type { ResolvedOptions } from '../inr.js';
import { copyState, type NamedTensors } from '../model.js';
import { saveClassifier } from '../model-file.js';
import { loadWeights } from './published-weights.js';

/** Options of every classifier of waveforms. */
export interface ClassifierOptions {
  /** How many classes there are, 2 or more. Default 2. */
  classes?: number;
  /** Samples of a recording. Default 16,000, one second at 16 kHz; of the TSSDNets 96,000. */
  samples?: number;
  /** Seed of the initial weights. Without it one is drawn and recorded in `options`. */
  seed?: number;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. Initial weights do not depend on it. */
  device?: Device;
}

/** A convolutional layer; after it come ELU, batch norm and max-pooling. */
export interface WaveformLayer {
  /** Widths of the kernels that stand side by side, one or several. */
  kernels: readonly number[];
  /** Filters of each width. */
  filters: number;
  /** Samples or frames between two responses. Default 1. */
  stride?: number;
  /** Frames of which the largest is kept; 1: all. Default 1. */
  pooling?: number;
}

/** Options of the CNNs of paper 2, section 3.1. */
export interface WaveformCnnOptions extends ClassifierOptions {
  /** The convolutional layers, 1 to 64 of them. Default: those of the paper. */
  layers?: readonly WaveformLayer[];
  /** Width of the dense layer. Default 1024. */
  hidden?: number;
  /** Part of the dense layer's outputs that training leaves out, 0 to below 1. Default 0.25. */
  dropout?: number;
}

/** The fields that all classifiers have. */
export function classifierFields(samples: number, leastSamples = 1) {
  return {
    classes: wholeNumber(2, 65_536).default(2),
    samples: wholeNumber(leastSamples, 2 ** 24).default(samples),
    ...commonFields,
  };
}

const widths = wholeNumber(1, 65_536);
const layerSchema = optionsObject({
  kernels: z
    .array(widths, { error: 'Expected an array of kernel widths, such as [300]' })
    .min(1, { error: 'Expected at least one kernel width' })
    .max(64, { error: 'Expected at most 64 kernel widths' }),
  filters: widths,
  stride: widths.default(1),
  pooling: widths.default(1),
});

const dropoutError = 'Expected a number from 0 to below 1';

/** The fields of a CNN with the layers of the paper as default. */
export function waveformCnnFields(layers: readonly Required<WaveformLayer>[]) {
  return {
    ...classifierFields(16_000),
    layers: z
      .array(layerSchema, { error: 'Expected an array of layers { kernels, filters, … }' })
      .min(1, { error: 'Expected at least one layer' })
      .max(64, { error: 'Expected at most 64 layers' })
      .default(layers.map((layer) => ({ ...layer, kernels: [...layer.kernels] }))),
    hidden: widths.default(1024),
    dropout: z
      .number({ error: dropoutError })
      .min(0, { error: dropoutError })
      .lt(1, { error: dropoutError })
      .default(0.25),
  };
}

/** How a trained classifier hears recordings, and what it tells apart. */
export interface Listening {
  /** Hz. */
  readonly sampleRate: number;
  /** Whether recordings are scaled to peak 1. */
  readonly normalize: boolean;
  /** Where a recording lies that is shorter or longer than the model hears: its beginning or its middle is kept. */
  readonly place: Placement;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
}

const schema = optionsObject({
  sampleRate: sampleRateField,
  normalize: flag,
  place: placementField,
  labels: z.array(z.string({ error: 'Expected a name' }), {
    error: 'Expected an array of names',
  }),
});

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function checkListening(listening: unknown, classes: number): Listening {
  const checked = parseOptions(schema, listening, 'listening');
  const { labels } = checked;
  if (labels.length === classes && new Set(labels).size === classes) return Object.freeze(checked);
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `listening: labels are ${labels.length} names for a model of ${classes} classes; expected a different one for each.`,
    { field: 'labels' },
  );
}

/** The classifiers by their names in files, configurations and on the command line. */
export const classifierKinds = [
  'segmental-cnn',
  'sub-segmental-cnn',
  'multi-resolution-cnn',
  'res-tssdnet',
  'inc-tssdnet',
] as const;
export type ClassifierKind = (typeof classifierKinds)[number];

/**
 * A network that hears a waveform and says how likely each class is (paper 2, section 3.1).
 *
 * It owns memory outside JavaScript's heap: `dispose()` frees it at once, the collector at last.
 */
export abstract class WaveformClassifier<Options extends ClassifierOptions = ClassifierOptions> {
  abstract readonly kind: ClassifierKind;
  /** @internal */
  readonly handle: ClassifierHandle;
  readonly options: ResolvedOptions<Options>;
  #listening: Listening | undefined;
  #tensors: { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } | undefined;

  /** @internal */
  protected constructor(
    kind: ClassifierKind,
    architecture: ClassifierArchitecture,
    schema: z.ZodType,
    options: Options,
  ) {
    const given = parseOptions(schema, options, `${kind} options`) as ResolvedOptions<Options>;
    const seed = given.seed ?? scope(() => ops.randint(0, 2 ** 31, [1]).item());
    this.options = Object.freeze({ ...given, seed }) as ResolvedOptions<Options>;
    this.handle = addon().createClassifier(
      architecture,
      this.options as unknown as ClassifierArgument,
    );
    if (this.device === 'cpu') return;
    try {
      addon().moveClassifier(this.handle, this.device, this.dtype);
    } catch (error) {
      addon().disposeClassifier(this.handle);
      throw error;
    }
  }

  get device(): Device {
    return this.options.device as Device;
  }

  get dtype(): 'float32' | 'float64' {
    return this.options.dtype as 'float32' | 'float64';
  }

  /** Samples of a recording. */
  get samples(): number {
    return this.options.samples as number;
  }

  get classes(): number {
    return this.options.classes as number;
  }

  /** How recordings are to be given to it and what its classes are called, set by training; kept in files. */
  get listening(): Listening | undefined {
    return this.#listening;
  }

  set listening(listening: Listening | undefined) {
    this.#listening = listening === undefined ? undefined : checkListening(listening, this.classes);
  }

  /** Learnable numbers; running statistics of batch norm are none. */
  get parameterCount(): number {
    let count = 0;
    for (const { size } of this.parameters().values()) count += size;
    return count;
  }

  /** The learnable tensors by name. They are the model's own, and go with it. */
  parameters(): Map<string, Tensor> {
    return new Map(this.#own().parameters);
  }

  /** Parameters and the running statistics of batch norm: the model's own, by name. */
  stateDict(): Map<string, Tensor> {
    const { parameters, buffers } = this.#own();
    return new Map([...parameters, ...buffers]);
  }

  /**
   * Copies values into the model. All are checked before one is changed.
   *
   * @param state a tensor for every name of `stateDict()`, of its shape and dtype
   * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH, DTYPE_MISMATCH
   */
  loadStateDict(state: NamedTensors): void {
    copyState(this.stateDict(), state, `${this.kind} model`);
  }

  /**
   * Copies the weights of a checkpoint that another program wrote: safetensors, or a `.pth` of PyTorch, of which nothing is
   * executed. The model's tensors are looked for at the top and below any one key such as `model_state_dict`; what
   * else is there (optimiser, epoch, `num_batches_tracked`) is left.
   *
   * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT for a file that is cut short, that asks for something to be
   *   executed, or without the tensors of this architecture, naming the first that is missing or of another shape
   */
  async loadWeights(path: string): Promise<void> {
    await loadWeights(path, this as unknown as WaveformClassifier);
  }

  /**
   * Logits of recordings, by the running statistics of batch norm and without dropout; differentiable.
   *
   * @param audio [batch, samples], of the model's dtype and device
   * @returns [batch, classes]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT, DISPOSED
   */
  forward(audio: Tensor): Tensor {
    return wrapTensor(addon().classifierForward(this.handle, this.#recordings(audio), null));
  }

  /**
   * Logits as training computes them: batch norm by the statistics of these recordings, which move the running ones, and
   * dropout drawn from the seed; differentiable.
   *
   * @param audio [batch, samples], of the model's dtype and device; two recordings or more
   * @returns [batch, classes]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT, DISPOSED
   */
  forwardTraining(audio: Tensor, { seed }: { seed: number }): Tensor {
    const options = parseOptions(trainingSchema, { seed }, 'forwardTraining options');
    const recordings = this.#recordings(audio);
    return wrapTensor(addon().classifierForward(this.handle, recordings, options.seed));
  }

  /**
   * The probabilities of the classes, computed on a thread of its own.
   *
   * @param audio [batch, samples], of the model's dtype and device
   * @returns [batch, classes], each row sums to 1
   * @throws FewSoundError as `forward`
   */
  async classify(audio: Tensor): Promise<Tensor> {
    const logits = wrapTensor(await addon().askClassifier(this.handle, this.#recordings(audio)));
    try {
      return logits.softmax(1);
    } finally {
      logits.dispose();
    }
  }

  /**
   * Writes the model to a safetensors file, atomically, with its architecture in the metadata: `loadClassifier(path)` needs
   * nothing else.
   *
   * @throws FewSoundError IO
   */
  async save(path: string): Promise<void> {
    await saveClassifier(path, this as unknown as WaveformClassifier);
  }

  /** Frees the model now. A second time does nothing. */
  dispose(): void {
    addon().disposeClassifier(this.handle);
    for (const map of Object.values(this.#tensors ?? {})) {
      for (const tensor of map.values()) tensor.dispose();
    }
    this.#tensors = undefined;
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #own(): { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } {
    if (this.#tensors !== undefined) return this.#tensors;
    const tensors = { parameters: new Map<string, Tensor>(), buffers: new Map<string, Tensor>() };
    for (const [name, handle, learnable] of addon().classifierTensors(this.handle)) {
      (learnable ? tensors.parameters : tensors.buffers).set(name, ownTensor(handle));
    }
    this.#tensors = tensors;
    return tensors;
  }

  /** The handle of recordings [batch, samples] that fit. */
  #recordings(audio: Tensor) {
    const handle = handleOf(audio);
    const { shape, dtype } = audio;
    if (shape.length !== 2 || shape[1] !== this.samples || shape[0] === 0) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `${this.kind}: the recordings have shape [${shape.join(', ')}]; expected [batch, ${this.samples}].`,
        { shapes: [[...shape]], field: 'audio' },
      );
    }
    if (dtype === this.dtype) return handle;
    throw new FewSoundError(
      'DTYPE_MISMATCH',
      `${this.kind}: the recordings are ${dtype}, but the model is ${this.dtype}; convert them by to({ dtype }).`,
      { field: 'audio' },
    );
  }
}

const trainingSchema = optionsObject({ seed: wholeNumber(0, Number.MAX_SAFE_INTEGER) });
