import { addon } from '../../native/addon.js';
import type { ClassifierTrainerHandle } from '../../native/classifier-addon.js';
import type { WaveformClassifier } from '../../nn/index.js';
import { ownTensor, scope, type Tensor, wrapTensor } from '../../tensor/index.js';
import { copyMoments, namedMoments } from '../run/named-moments.js';
import type { ScheduledRate } from '../schedule.js';

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
