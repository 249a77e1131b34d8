// What the addon offers for classifiers of waveforms. binding/classifiers.cc and binding/classifier_trainers.cc are the
// other side; `Addon` (addon.ts) includes this.

import type { AdamWArgument, Opaque } from './model-addon.js';

export type ClassifierHandle = Opaque<'classifier'>;
export type ClassifierTrainerHandle = Opaque<'classifier trainer'>;

export type ClassifierArchitecture = 'waveform-cnn' | 'res-tssdnet' | 'inc-tssdnet';

export interface ClassifierArgument {
  seed: number;
  dtype: string;
  samples: number;
  classes: number;
  /** Of a waveform CNN. */
  layers?: readonly {
    kernels: readonly number[];
    filters: number;
    stride: number;
    pooling: number;
  }[];
  hidden?: number;
  dropout?: number;
}

export interface ClassifierTrainerArgument {
  optimizer: AdamWArgument;
  /** 0: gradients are not clipped. */
  maxGradientNorm: number;
  /** 0: LibTorch's default. */
  threads: number;
}

/** `Tensor` is the addon's tensor handle. */
export interface ClassifierAddon<Tensor, DType extends string> {
  createClassifier(kind: ClassifierArchitecture, options: ClassifierArgument): ClassifierHandle;
  /** Parameters, then running statistics: the model's own tensors. */
  classifierTensors(model: ClassifierHandle): [name: string, tensor: Tensor, learnable: boolean][];
  /**
   * audio [batch, samples] → logits [batch, classes]. With a seed as in training: batch statistics, which move the running
   * ones, and dropout drawn from the seed.
   */
  classifierForward(model: ClassifierHandle, audio: Tensor, seed: number | null): Tensor;
  /** The same without a seed, on a thread of its own, without gradients. */
  askClassifier(model: ClassifierHandle, audio: Tensor): Promise<Tensor>;
  moveClassifier(model: ClassifierHandle, device: string, dtype: DType): void;
  disposeClassifier(model: ClassifierHandle): void;

  createClassifierTrainer(
    model: ClassifierHandle,
    options: ClassifierTrainerArgument,
  ): ClassifierTrainerHandle;
  /** One update from recordings [batch, samples] of classes [batch], on a thread of its own. */
  stepClassifierTrainer(
    trainer: ClassifierTrainerHandle,
    audio: Tensor,
    classes: readonly number[],
    learningRate: number,
    beta1: number,
    seed: number,
  ): Promise<{ loss: number; gradientNorm: number }>;
  /** Logits [batch, classes] and the cross-entropy of each recording, on a thread of its own. */
  evaluateClassifierTrainer(
    trainer: ClassifierTrainerHandle,
    audio: Tensor,
    classes: readonly number[],
  ): Promise<{ logits: Tensor; losses: Float64Array }>;
  /** The moments are the optimiser's own tensors: write into them to restore a state. */
  classifierTrainerState(trainer: ClassifierTrainerHandle): {
    step: number;
    firstMoments: Tensor[];
    secondMoments: Tensor[];
  };
  setClassifierTrainerStep(trainer: ClassifierTrainerHandle, step: number): void;
}
