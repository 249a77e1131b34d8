import { addon } from '../addon/addon.js';
import type { ClassifierTrainerHandle, HyperTrainerHandle } from '../addon/models.js';
import type { TensorHandle } from '../addon/tensors.js';
import { FewSoundError } from '../errors.js';
import type { HyperNetwork, WaveformClassifier } from '../nn/index.js';
import { noGrad, ownTensor, scope, type Tensor, wrapTensor } from '../tensor/index.js';
import type { ResolvedLoss } from './loss.js';
import type { ScheduledRate } from './schedule.js';
import type { ResolvedTrain } from './train-options.js';

/** An optimiser's state as the addon gives it, in the order of the parameters. */
export interface MomentHandles {
  readonly step: number;
  readonly firstMoments: readonly TensorHandle[];
  readonly secondMoments: readonly TensorHandle[];
}

/** Moments by the names of their parameters, `first.…` and `second.…`: the optimiser's own tensors. */
export function namedMoments(
  names: readonly string[],
  { step, firstMoments, secondMoments }: MomentHandles,
): { step: number; tensors: Map<string, Tensor> } {
  const tensors = new Map<string, Tensor>();
  for (const [i, name] of names.entries()) {
    tensors.set(`first.${name}`, ownTensor(firstMoments[i] as TensorHandle));
    tensors.set(`second.${name}`, ownTensor(secondMoments[i] as TensorHandle));
  }
  return { step, tensors };
}

/** Copies moments into those of an optimiser; they are known to fit. */
export function copyMoments(
  own: ReadonlyMap<string, Tensor>,
  stored: ReadonlyMap<string, Tensor>,
): void {
  noGrad(() => {
    for (const [name, tensor] of own) tensor.copy_(stored.get(name) as Tensor);
  });
}

/** What decides an update. */
export interface ClassifierTrainerOptions {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maxGradientNorm?: number | undefined;
  readonly threads?: number | undefined;
}

/** The native trainer of one classifier, and the optimiser's state by the names of the model's parameters. */
export class ClassifierTrainer {
  readonly #handle: ClassifierTrainerHandle;

  constructor(
    private readonly model: WaveformClassifier,
    options: ClassifierTrainerOptions,
  ) {
    const { learningRate, betas, epsilon, weightDecay } = options;
    const [beta1, beta2] = betas;
    this.#handle = addon().createClassifierTrainer(model.handle, {
      optimizer: { learningRate, beta1, beta2, epsilon, weightDecay },
      maxGradientNorm: options.maxGradientNorm ?? 0,
      threads: options.threads ?? 0,
    });
  }

  /**
   * One update.
   *
   * @param recordings [batch · samples]
   * @param classes of the recordings, numbers from 0
   * @param seed draws the dropout
   */
  async step(
    recordings: Float32Array,
    classes: readonly number[],
    rate: ScheduledRate,
    seed: number,
  ): Promise<{ loss: number; gradientNorm: number }> {
    using batch = this.#tensor(recordings);
    return await addon().stepClassifierTrainer(
      this.#handle,
      batch.handle,
      classes,
      rate.learningRate,
      rate.beta1,
      seed,
    );
  }

  /** Logits [batch · classes] and the cross-entropy of each recording. */
  async evaluate(
    recordings: Float32Array,
    classes: readonly number[],
  ): Promise<{ logits: Float64Array; losses: Float64Array }> {
    using batch = this.#tensor(recordings);
    const found = await addon().evaluateClassifierTrainer(this.#handle, batch.handle, classes);
    const logits = scope(() =>
      Float64Array.from(wrapTensor(found.logits).contiguous().data() as Float32Array),
    );
    return { logits, losses: found.losses };
  }

  /** Updates done, and the moments by the names of the parameters: the optimiser's own tensors. */
  get state(): { step: number; tensors: Map<string, Tensor> } {
    const names = [...this.model.parameters().keys()];
    return namedMoments(names, addon().classifierTrainerState(this.#handle));
  }

  /** Copies a state of {@link state}; the tensors are known to fit. */
  restore(step: number, tensors: ReadonlyMap<string, Tensor>): void {
    copyMoments(this.state.tensors, tensors);
    addon().setClassifierTrainerStep(this.#handle, step);
  }

  /** [recordings, samples] */
  #tensor(recordings: Float32Array): Tensor {
    const { samples, dtype } = this.model;
    const Numbers = dtype === 'float64' ? Float64Array : Float32Array;
    const data = Numbers.from(recordings);
    return ownTensor(addon().tensor(data, [data.length / samples, samples], dtype));
  }
}

/** What decides an update. */
export type TrainerOptions = Pick<
  ResolvedTrain,
  'batchSize' | 'learningRate' | 'betas' | 'epsilon' | 'weightDecay' | 'loss' | 'precision'
> &
  Partial<Pick<ResolvedTrain, 'threads' | 'maxGradientNorm' | 'maxUpdate' | 'group'>>;

/** The native trainer of one model, and the optimiser's state by the names of the model's parameters. */
export class HyperTrainer {
  readonly #handle: HyperTrainerHandle;

  constructor(
    private readonly model: HyperNetwork,
    private readonly options: TrainerOptions,
  ) {
    const { learningRate, betas, epsilon, weightDecay, loss, precision } = options;
    const [beta1, beta2] = betas;
    this.#handle = addon().createHyperTrainer(model.handle, {
      optimizer: {
        ...{ learningRate, beta1, beta2, epsilon, weightDecay },
        maxUpdate: options.maxUpdate ?? 0,
      },
      loss,
      precision,
      maxGradientNorm: options.maxGradientNorm ?? 0,
      threads: options.threads ?? 0,
    });
  }

  /**
   * One update.
   *
   * @param recordings [rows · samples], peak-normalised: of all accumulated batches
   */
  async step(
    recordings: Float32Array,
    factor: number,
    rate: ScheduledRate,
  ): Promise<{ loss: number; gradientNorm: number }> {
    const { batchSize } = this.options;
    const { samples } = this.model.options;
    const batches: Tensor[] = [];
    try {
      for (let row = 0; row * samples < recordings.length; row += batchSize) {
        batches.push(this.#tensor(recordings.subarray(row * samples, (row + batchSize) * samples)));
      }
      return await addon().stepHyperTrainer(
        this.#handle,
        batches.map(({ handle }) => handle),
        factor,
        rate.learningRate,
        rate.beta1,
        this.options.group?.handle ?? null,
      );
    } finally {
      for (const batch of batches) batch.dispose();
    }
  }

  /**
   * Reconstructions, flat like `recordings`, the loss of each, and whether it is constant though its recording is not.
   */
  async evaluate(
    recordings: Float32Array,
    factor: number,
  ): Promise<{ estimates: Float32Array; losses: Float64Array; constant: readonly boolean[] }> {
    const batch = this.#tensor(recordings);
    try {
      const found = await addon().evaluateHyperTrainer(this.#handle, batch.handle, factor);
      const estimates = scope(() =>
        Float32Array.from(wrapTensor(found.estimates).contiguous().data() as Float32Array),
      );
      return { estimates, losses: found.losses, constant: found.constant };
    } finally {
      batch.dispose();
    }
  }

  setLoss(loss: ResolvedLoss): void {
    addon().setHyperTrainerLoss(this.#handle, loss);
  }

  /** Updates done, and the moments by the names of the parameters: the optimiser's own tensors. */
  get state(): { step: number; tensors: Map<string, Tensor> } {
    const names = [...this.model.parameters().keys()];
    return namedMoments(names, addon().hyperTrainerState(this.#handle));
  }

  /** Copies a state of {@link state}; the tensors are known to fit. */
  restore(step: number, tensors: ReadonlyMap<string, Tensor>): void {
    copyMoments(this.state.tensors, tensors);
    addon().setHyperTrainerStep(this.#handle, step);
  }

  /** [recordings, samples] */
  #tensor(recordings: Float32Array): Tensor {
    const { samples, dtype } = this.model.options;
    const Numbers = dtype === 'float64' ? Float64Array : Float32Array;
    const data = Numbers.from(recordings);
    return ownTensor(addon().tensor(data, [data.length / samples, samples], dtype));
  }
}

const training = new WeakSet<object>();

/**
 * Work that trains a model, which no other may do meanwhile.
 *
 * @param caller how errors call the function
 * @throws FewSoundError INVALID_ARGUMENT where the model is being trained already
 */
export async function whileNoOtherTrains<T>(
  caller: string,
  model: object,
  work: () => Promise<T>,
): Promise<T> {
  if (training.has(model)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${caller}: the model is being trained already; wait for that to end, or make another model.`,
      { field: 'model' },
    );
  }
  training.add(model);
  try {
    return await work();
  } finally {
    training.delete(model);
  }
}
