import { z } from 'zod';
import { addon } from '../../addon/addon.js';
import { type Placement, placementField } from '../../audio/placement.js';
import { FewSoundError } from '../../errors.js';
import type { optionTables } from '../../option-tables.generated.js';
import type { TssdnetOptions, WaveformCnnOptions } from '../../options.generated.js';
import {
  flag,
  kindsOf,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../../options.js';
import type { Tensor } from '../../tensor/index.js';
import { wrapTensor } from '../../tensor/tensor.js';
import { Model, recordingsFor } from '../model.js';
import type { ModelDescription } from '../model-file.js';
import { loadWeights } from '../published-weights.js';

/** Options of every classifier of waveforms. */
export type ClassifierOptions = TssdnetOptions;
export type { WaveformCnnOptions };

/** A convolutional layer; after it come ELU, batch norm and max-pooling. */
export type WaveformLayer = NonNullable<WaveformCnnOptions['layers']>[number];

/** The recordings that a trained classifier takes, and the classes it tells apart. */
export interface ClassifierInput {
  /** Hz. */
  readonly sampleRate: number;
  /** Whether recordings are scaled to peak 1. */
  readonly normalize: boolean;
  /** Which part of a recording of another length is kept: its beginning or its middle. */
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
function checkInput(input: unknown, classes: number): ClassifierInput {
  const checked = parseOptions(schema, input, 'input');
  const { labels } = checked;
  if (labels.length === classes && new Set(labels).size === classes) return Object.freeze(checked);
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `input: labels are ${labels.length} names for a model of ${classes} classes; expected a different one for each.`,
    { field: 'labels' },
  );
}

/** The classifiers by their names in files, configurations and on the command line. */
export const classifierKinds = kindsOf('classifier');
export type ClassifierKind = keyof (typeof optionTables)['classifier'];

/** A network that tells from a waveform how likely each class is (paper 2, section 3.1). */
export abstract class WaveformClassifier<
  Options extends ClassifierOptions = ClassifierOptions,
> extends Model<Options> {
  abstract override readonly kind: ClassifierKind;
  #input: ClassifierInput | undefined;

  /** @internal */
  protected constructor(kind: ClassifierKind, options: Options) {
    super('classifier', kind, options);
  }

  /** Samples of a recording. */
  get samples(): number {
    return this.options.samples as number;
  }

  get classes(): number {
    return this.options.classes as number;
  }

  /**
   * How recordings are to be given to it and what its classes are called, set by training; kept in
   * files.
   */
  get input(): ClassifierInput | undefined {
    return this.#input;
  }

  set input(input: ClassifierInput | undefined) {
    this.#input = input === undefined ? undefined : checkInput(input, this.classes);
  }

  /**
   * Copies the weights of a checkpoint that another program wrote: safetensors, or a `.pth` of
   * PyTorch, of which nothing is executed. The model's tensors are looked for at the top and below
   * any one key such as `model_state_dict`; what else is there (optimizer, epoch,
   * `num_batches_tracked`) is left.
   *
   * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT for a file that is cut short, that asks
   *   for something to be executed, or without the tensors of this architecture, naming the first
   *   that is missing or of another shape
   */
  async loadWeights(path: string): Promise<void> {
    await loadWeights(path, {
      what: `a ${this.kind} model of ${this.classes} classes`,
      dtype: this.dtype,
      device: this.device,
      stateDict: () => this.stateDict(),
      loadStateDict: (state) => this.loadStateDict(state),
    });
  }

  /**
   * Logits of recordings, by the running statistics of batch norm and without dropout;
   * differentiable.
   *
   * @param audio [batch, samples], of the model's dtype and device
   * @returns [batch, classes]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT, DISPOSED
   */
  forward(audio: Tensor): Tensor {
    return wrapTensor(
      addon().classifierForward(this.handle, recordingsFor(this, this.samples, audio), null),
    );
  }

  /**
   * Logits as training computes them: batch norm by the statistics of these recordings, which move
   * the running ones, and dropout drawn from the seed; differentiable.
   *
   * @param audio [batch, samples], of the model's dtype and device; two recordings or more
   * @returns [batch, classes]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT, DISPOSED
   */
  forwardTraining(audio: Tensor, { seed }: { seed: number }): Tensor {
    const options = parseOptions(trainingSchema, { seed }, 'forwardTraining options');
    const recordings = recordingsFor(this, this.samples, audio);
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
    const logits = wrapTensor(
      await addon().askClassifier(this.handle, recordingsFor(this, this.samples, audio)),
    );
    try {
      return logits.softmax(1);
    } finally {
      logits.dispose();
    }
  }

  /** @internal Beside the options, where analyses of any model look for it: the rate. */
  override describe(): ModelDescription {
    const input = this.#input;
    // The name that files have had from the beginning.
    const rate = input && { sampleRate: input.sampleRate, listening: input };
    return { ...super.describe(), ...rate };
  }
}

const trainingSchema = optionsObject({ seed: wholeNumber(0, Number.MAX_SAFE_INTEGER) });
