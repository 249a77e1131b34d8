import type { z } from 'zod';
import { addon } from '../../native/addon.js';
import type {
  ClassifierArchitecture,
  ClassifierArgument,
  ClassifierHandle,
} from '../../native/classifier-addon.js';
import { FewSoundError } from '../../native/errors.js';
import { optionsObject, wholeNumber } from '../../native/option-fields.js';
import { parseOptions } from '../../native/options.js';
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
import { copyState, type NamedTensors } from '../state-dict.js';
import { saveClassifier } from './classifier-file.js';
import type { ClassifierOptions } from './classifier-options.js';
import { checkListening, type Listening } from './listening.js';
import { loadWeights } from './published-weights.js';

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
