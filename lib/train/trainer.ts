import { addon } from '../addon/addon.js';
import type { TrainerHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import type { HyperNetwork, WaveformClassifier } from '../nn/index.js';
import type { Resolved } from '../options.js';
import { scope, type Tensor } from '../tensor/index.js';
import { handleOf, ownTensor, wrapTensor } from '../tensor/tensor.js';
import type { ResolvedLoss } from './loss.js';
import { type AdamWOptions, optimizerOf } from './optimizer.js';
import type { ProcessGroup } from './process-group.js';
import type { ScheduledRate } from './schedule.js';

/** What decides an update, whatever is trained. */
export interface TrainerOptions extends Resolved<AdamWOptions> {
  readonly maxGradientNorm?: number | undefined;
  readonly threads?: number | undefined;
}

/** The same of a hypernetwork. */
export interface HyperTrainerOptions extends TrainerOptions {
  readonly loss: ResolvedLoss;
  readonly precision: 'float32' | 'bfloat16';
  readonly group?: ProcessGroup | undefined;
}

/** What one update learns from, or what is evaluated. */
export interface TrainingBatch {
  /** [recordings · samples] */
  readonly recordings: Float32Array;
  /** Recordings that are worked on at once. Default: all. */
  readonly batchSize?: number;
  /** Hypernetwork: the model's f. */
  readonly factor?: number;
  /** Classifier: of each recording, from 0. */
  readonly classes?: readonly number[];
  /** Classifier: draws the dropout. */
  readonly seed?: number;
}

/** Names of tensors that a training remembers, and the tensors. */
export type TrainingState = ReadonlyMap<string, Tensor>;

/** The native trainer of networks, a hypernetwork or a classifier. */
export class Trainer {
  private constructor(
    readonly handle: TrainerHandle,
    private readonly model?: HyperNetwork | WaveformClassifier,
    private readonly group?: ProcessGroup,
  ) {}

  /** A trainer whose many steps are a native loop: see fitter.ts. */
  static ofFit(handle: TrainerHandle): Trainer {
    return new Trainer(handle);
  }

  static ofHyperNetwork(model: HyperNetwork, options: HyperTrainerOptions): Trainer {
    const { loss, precision, maxGradientNorm = 0, threads = 0, group } = options;
    const optimizer = optimizerOf(options);
    const argument = { optimizer, loss, precision, maxGradientNorm, threads };
    return new Trainer(
      addon().createTrainer('hypernetwork', [model.handle], argument),
      model,
      group,
    );
  }

  static ofClassifier(model: WaveformClassifier, options: TrainerOptions): Trainer {
    const { maxGradientNorm = 0, threads = 0 } = options;
    const argument = { optimizer: optimizerOf(options), maxGradientNorm, threads };
    return new Trainer(addon().createTrainer('classifier', [model.handle], argument), model);
  }

  /** One update; there is none where the loss or the norm of the gradients is not finite. */
  async step(
    batch: TrainingBatch,
    { learningRate, beta1 }: ScheduledRate,
  ): Promise<{ loss: number; gradientNorm: number }> {
    const group = this.group?.handle ?? null;
    return this.#withTensors(batch, (argument) =>
      addon().stepTrainer(this.handle, argument, learningRate, beta1, group),
    );
  }

  /**
   * What the model makes of recordings.
   *
   * @returns reconstructions [recordings · samples] or logits [recordings · classes]; the loss of
   *   each recording; of a hypernetwork, whether a reconstruction is constant though its recording
   *   is not
   */
  async evaluate(batch: TrainingBatch): Promise<{
    outputs: Float32Array | Float64Array;
    losses: Float64Array;
    constant: readonly boolean[];
  }> {
    const { outputs, losses, constant } = await this.#withTensors(batch, (argument) =>
      addon().evaluateTrainer(this.handle, argument),
    );
    const numbers = scope(
      () => wrapTensor(outputs).contiguous().data().slice() as Float32Array | Float64Array,
    );
    return { outputs: numbers, losses, constant };
  }

  /** Of a hypernetwork, for schedules of the loss. */
  setLoss(loss: ResolvedLoss): void {
    addon().setTrainerLoss(this.handle, loss);
  }

  /**
   * What an exact continuation needs beside the model and the number of updates:
   * `firstMoment.<parameter>` and `secondMoment.<parameter>`, of a fit its losses and counters too.
   * The tensors belong to the scope around and are valid until the next update.
   */
  get state(): TrainingState {
    return new Map(
      addon()
        .trainerState(this.handle)
        .map(([name, handle]) => [name, wrapTensor(handle)]),
    );
  }

  /**
   * Goes on from a state.
   *
   * @param step updates done; the state of a fit tells them itself
   * @throws FewSoundError where an entry is missing or does not fit; nothing is changed then
   */
  restore(state: TrainingState, step?: number): void {
    addon().loadTrainerState(
      this.handle,
      [...state].map(([name, tensor]) => [name, handleOf(tensor)]),
    );
    if (step !== undefined) addon().setTrainerStep(this.handle, step);
  }

  /** Frees what it holds beside the model. */
  dispose(): void {
    addon().disposeTrainer(this.handle);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #withTensors<T>(
    { recordings, batchSize, ...rest }: TrainingBatch,
    work: (argument: Parameters<ReturnType<typeof addon>['stepTrainer']>[1]) => Promise<T>,
  ): Promise<T> {
    const { samples, dtype } = this.#format;
    const Numbers = dtype === 'float64' ? Float64Array : Float32Array;
    const length = batchSize === undefined ? recordings.length : batchSize * samples;
    const parts: Tensor[] = [];
    try {
      for (let start = 0; start < recordings.length; start += length) {
        const data = Numbers.from(recordings.subarray(start, start + length));
        parts.push(ownTensor(addon().tensor(data, [data.length / samples, samples], dtype)));
      }
      return await work({ audio: parts.map(handleOf), ...rest });
    } finally {
      for (const part of parts) part.dispose();
    }
  }

  get #format(): { samples: number; dtype: 'float32' | 'float64' } {
    const { samples, dtype } = (this.model as HyperNetwork | WaveformClassifier).options as {
      samples: number;
      dtype: 'float32' | 'float64';
    };
    return { samples, dtype };
  }
}

const training = new WeakSet<object>();

/**
 * Work that trains models, which no other may do meanwhile.
 *
 * @param caller how errors call the function
 * @param what how errors call a model
 * @throws FewSoundError INVALID_ARGUMENT where one is being trained already
 */
export async function whileNoOtherTrains<T>(
  caller: string,
  models: readonly object[],
  work: () => Promise<T>,
  what: 'model' | 'network' = 'model',
): Promise<T> {
  if (models.some((model) => training.has(model))) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${caller}: the ${what} is being trained already; wait for that to end, or make another.`,
      { field: what },
    );
  }
  for (const model of models) training.add(model);
  try {
    return await work();
  } finally {
    for (const model of models) training.delete(model);
  }
}
