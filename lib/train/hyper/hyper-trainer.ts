import { addon } from '../../native/addon.js';
import type { HyperTrainerHandle } from '../../native/hyper-addon.js';
import type { HyperNetwork } from '../../nn/index.js';
import { ownTensor, scope, type Tensor, wrapTensor } from '../../tensor/index.js';
import type { ResolvedLoss } from '../loss-options.js';
import { copyMoments, namedMoments } from '../run/named-moments.js';
import type { ScheduledRate } from '../schedule.js';
import type { ResolvedTrain } from './train-options.js';

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
