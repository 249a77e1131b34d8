// What the addon offers for models that write networks. binding/hyper_models.cc and binding/hyper_trainers.cc are the
// other side; `Addon` (addon.ts) includes this.

import type { ProcessGroupHandle } from './distributed-addon.js';
import type { AdamWArgument, LossArgument, NetworkKind, Opaque } from './model-addon.js';

export type HyperModelHandle = Opaque<'hyper model'>;
export type HyperTrainerHandle = Opaque<'hyper trainer'>;

export interface HyperModelArgument {
  seed: number;
  dtype: string;
  samples: number;
  hidden: readonly number[];
  mode: 'target' | 'residual' | 'modulator';
  hasUniversal: boolean;
  universal: { kernel: number; convolutions: number };
  encoder: {
    channels: number;
    dimension: number;
    strides: readonly number[];
    layerNorm: boolean;
  };
  sharedLayers: readonly number[];
  sharedEncoding: boolean;
  target: { kind: NetworkKind; options: object };
}

export interface HyperTrainerArgument {
  optimizer: AdamWArgument;
  loss: LossArgument;
  precision: 'float32' | 'bfloat16';
  /** 0: gradients are not clipped. */
  maxGradientNorm: number;
  /** 0: LibTorch's default. */
  threads: number;
}

/** `Tensor` is the addon's tensor handle. */
export interface HyperAddon<Tensor, DType extends string> {
  createHyperModel(options: HyperModelArgument): HyperModelHandle;
  /** What learns: the model's own tensors. */
  hyperModelTensors(model: HyperModelHandle): [name: string, tensor: Tensor][];
  /** The weights that it writes, one after the other. */
  hyperModelLayout(model: HyperModelHandle): { name: string; shape: number[]; offset: number }[];
  /** audio [batch, samples] → codes [batch, width]. */
  hyperModelCodes(model: HyperModelHandle, audio: Tensor): Tensor;
  /** audio [batch, samples] → written weights [batch, numbers]. */
  hyperModelVectors(model: HyperModelHandle, audio: Tensor, factor: number): Tensor;
  /** The same on a thread of its own, without gradients. */
  askHyperModel(model: HyperModelHandle, audio: Tensor, factor: number): Promise<Tensor>;
  /** Written weights → all that the target computes with, by name, [batch, …shape] each. */
  hyperModelWeights(model: HyperModelHandle, vectors: Tensor): Record<string, Tensor>;
  /** audio [batch, samples], t [n, 1] → [batch, n]. */
  hyperModelForward(model: HyperModelHandle, audio: Tensor, t: Tensor, factor: number): Tensor;
  moveHyperModel(model: HyperModelHandle, device: string, dtype: DType): void;
  disposeHyperModel(model: HyperModelHandle): void;

  createHyperTrainer(model: HyperModelHandle, options: HyperTrainerArgument): HyperTrainerHandle;
  /** One update from batches [recordings, samples], on a thread of its own. */
  stepHyperTrainer(
    trainer: HyperTrainerHandle,
    batches: readonly Tensor[],
    factor: number,
    learningRate: number,
    beta1: number,
    group: ProcessGroupHandle | null,
  ): Promise<{ loss: number; gradientNorm: number }>;
  /**
   * Reconstructions [recordings, samples], their losses, and whether they are constant though the recordings are not, on a
   * thread of its own.
   */
  evaluateHyperTrainer(
    trainer: HyperTrainerHandle,
    batch: Tensor,
    factor: number,
  ): Promise<{ estimates: Tensor; losses: Float64Array; constant: boolean[] }>;
  setHyperTrainerLoss(trainer: HyperTrainerHandle, loss: LossArgument): void;
  /** The moments are the optimiser's own tensors: write into them to restore a state. */
  hyperTrainerState(trainer: HyperTrainerHandle): {
    step: number;
    firstMoments: Tensor[];
    secondMoments: Tensor[];
  };
  setHyperTrainerStep(trainer: HyperTrainerHandle, step: number): void;
}
