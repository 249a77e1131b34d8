import type {
  FitFields,
  LossOptions,
  OptimizerOptions,
  ScheduleOptions,
} from '../options.generated.js';

// What the addon offers for training in several processes. binding/distributed.cc is the other
// side; `Addon` (addon.ts) includes this.
/** An object of the addon; it carries a type tag, so anything else in its place is an error. */
export type ProcessGroupHandle = Opaque<'process group'>;

export type ProcessGroupBackend = 'gloo' | 'nccl';

export interface ProcessGroupArgument {
  rank: number;
  size: number;
  masterAddress: string;
  masterPort: number;
  launcherListens?: boolean;
  timeoutSeconds?: number;
  backend?: ProcessGroupBackend;
  localRank?: number;
}

/** `Tensor` is the addon's tensor handle. Promises are of jobs; a group runs one at a time. */
export interface DistributedAddon<Tensor> {
  /** Why process groups cannot use NCCL, or null where they can. */
  readonly ncclUnavailable: string | null;
  joinProcessGroup(options: ProcessGroupArgument): Promise<ProcessGroupHandle>;
  processGroupFacts(group: ProcessGroupHandle): {
    rank: number;
    size: number;
    backend: ProcessGroupBackend;
    open: boolean;
  };
  sumOverRanks(group: ProcessGroupHandle, numbers: readonly number[]): Promise<number[]>;
  anyOfRanks(group: ProcessGroupHandle, flag: boolean): Promise<boolean>;
  /** Works on copies and writes into the tensors when it is done. */
  meanOverRanks(group: ProcessGroupHandle, tensors: readonly Tensor[]): Promise<void>;
  /** Likewise. */
  broadcastFromRank(
    group: ProcessGroupHandle,
    tensors: readonly Tensor[],
    root: number,
  ): Promise<void>;
  barrierOfRanks(group: ProcessGroupHandle): Promise<void>;
  /** Waits for the other ranks to close theirs. */
  closeProcessGroup(group: ProcessGroupHandle): Promise<void>;
  /** At once, unless an operation is running. */
  leaveProcessGroup(group: ProcessGroupHandle): void;
}

// What the addon offers for models and training. binding/models.cc, binding/training.cc,
// binding/trainers.cc and binding/job.cc are the other side; `Addon` (addon.ts) includes this.

declare const brand: unique symbol;

/** Objects of the addon; each carries a type tag, so anything else in its place is an error. */
export interface Opaque<Name extends string> {
  readonly [brand]: Name;
}
export type ModelHandle = Opaque<'model'>;
export type LossHandle = Opaque<'loss'>;
export type AdamWHandle = Opaque<'optimizer'>;
export type TrainerHandle = Opaque<'trainer'>;
export type AbortFlagHandle = Opaque<'abort'>;

export interface SplineGridArgument {
  intervals: number;
  order: number;
  lower: number;
  upper: number;
}

export interface TrainerArgument {
  optimizer: OptimizerOptions;
  /** 0: LibTorch's default. */
  threads?: number;
}

export interface ClassifierTrainerArgument extends TrainerArgument {
  /** 0: gradients are not clipped. */
  maxGradientNorm?: number;
}

export interface HyperTrainerArgument extends ClassifierTrainerArgument {
  loss: LossOptions;
  precision?: 'float32' | 'bfloat16';
}

/** What one update learns from. `Tensor` is the addon's tensor handle. */
export interface BatchArgument<Tensor> {
  /** Recordings, parts of [recordings, samples] each; a classifier takes one part. */
  audio: readonly Tensor[];
  /** Classifier: of each recording, from 0. */
  classes?: readonly number[];
  /** Hypernetwork: the model's f. */
  factor?: number;
  /** Classifier: draws the dropout. */
  seed?: number;
}

export interface FitReport {
  step: number;
  /** Of each clip. */
  losses: number[];
  /** Of each clip, dB; null where undefined. */
  siSnr: (number | null)[];
  /** Of each clip: whether the estimate is constant though the clip is not. */
  constant: boolean[];
  /** [clips · samples] where the fit was asked for `estimates`. */
  estimates: Float32Array | null;
  /** Since this run began. */
  seconds: number;
}

export type FitReason = 'steps' | 'siSnr' | 'loss' | 'patience' | 'aborted';

/** `Tensor` is the addon's tensor handle. */
export interface ModelAddon<Tensor, DType extends string> {
  /** What options there are, with their limits, defaults, meanings and flags. */
  optionTables(): unknown;
  createModel(kind: string, options: object): ModelHandle;
  /** Names and shapes of the tensors of a model, without making it. */
  describeModel(
    kind: string,
    options: object,
  ): [name: string, shape: number[], learnable: boolean][];
  /** What learns, then what is fixed: the model's own tensors. */
  modelTensors(model: ModelHandle): [name: string, tensor: Tensor, learnable: boolean][];
  modelParameterCount(model: ModelHandle): number;
  moveModel(model: ModelHandle, device: string, dtype: DType): void;
  disposeModel(model: ModelHandle): void;

  /** t [samples, 1] or [batch, samples, 1]; weights by name, each with a leading [batch]. */
  networkForward(
    network: ModelHandle,
    t: Tensor,
    weights: Readonly<Record<string, Tensor>> | null,
  ): Tensor;
  networkLayout(network: ModelHandle): { name: string; shape: number[] }[];

  /** The weights that a hypernetwork writes, one after the other. */
  hyperModelLayout(model: ModelHandle): { name: string; shape: number[]; offset: number }[];
  /** audio [batch, samples] → codes [batch, width]. */
  hyperModelCodes(model: ModelHandle, audio: Tensor): Tensor;
  /** What the encoder shows of recordings on the way to their codes, by name. */
  hyperModelFeatures(model: ModelHandle, audio: Tensor): Record<string, Tensor>;
  /** audio [batch, samples] → written weights [batch, numbers]. */
  hyperModelVectors(model: ModelHandle, audio: Tensor, factor: number): Tensor;
  /** The same on a thread of its own, without gradients. */
  askHyperModel(model: ModelHandle, audio: Tensor, factor: number): Promise<Tensor>;
  /** Written weights → all that the target computes with, by name, [batch, …shape] each. */
  hyperModelWeights(model: ModelHandle, vectors: Tensor): Record<string, Tensor>;
  /** audio [batch, samples], t [n, 1] → [batch, n]. */
  hyperModelForward(model: ModelHandle, audio: Tensor, t: Tensor, factor: number): Tensor;

  /**
   * audio [batch, samples] → logits [batch, classes]. With a seed as in training: batch statistics,
   * which move the running ones, and dropout drawn from the seed.
   */
  classifierForward(model: ModelHandle, audio: Tensor, seed: number | null): Tensor;
  /** The same without a seed, on a thread of its own, without gradients. */
  askClassifier(model: ModelHandle, audio: Tensor): Promise<Tensor>;

  splineKnots(grid: SplineGridArgument, dtype: DType): Tensor;
  splineBases(x: Tensor, grid: SplineGridArgument): Tensor;
  melFilterbank(sampleRate: number, fftSize: number, mels: number, dtype: DType): Tensor;
  /** audio [batch, samples] at 16 kHz → [batch, mels, frames]. */
  whisperLogMel(audio: Tensor, mels: number, frames: number): Tensor;
  setKanPath(path: 'fused' | 'reference'): void;
  setMlpPath(path: 'fused' | 'reference'): void;

  createLoss(options: LossOptions): LossHandle;
  computeLoss(loss: LossHandle, estimate: Tensor, target: Tensor): Tensor;
  computeMelPerResolution(loss: LossHandle, estimate: Tensor, target: Tensor): Tensor;

  createAdamW(parameters: readonly Tensor[], options: OptimizerOptions): AdamWHandle;
  stepAdamW(optimizer: AdamWHandle, learningRate: number, beta1: number): void;
  zeroGradAdamW(optimizer: AdamWHandle): void;
  /** The moments are the optimizer's own tensors: write into them to restore a state. */
  stateOfAdamW(optimizer: AdamWHandle): {
    step: number;
    firstMoments: Tensor[];
    secondMoments: Tensor[];
  };
  setStepOfAdamW(optimizer: AdamWHandle, step: number): void;
  scheduledRate(schedule: ScheduleOptions, step: number): { learningRate: number; beta1: number };

  createAbortFlag(): AbortFlagHandle;
  raiseAbort(flag: AbortFlagHandle): void;
  /** One network for each row of targets [clips, samples]. */
  createTrainer(
    kind: 'fit',
    networks: readonly ModelHandle[],
    options: FitFields,
    targets: Tensor,
  ): TrainerHandle;
  createTrainer(
    kind: 'hypernetwork',
    models: readonly [ModelHandle],
    options: HyperTrainerArgument,
  ): TrainerHandle;
  createTrainer(
    kind: 'classifier',
    models: readonly [ModelHandle],
    options: ClassifierTrainerArgument,
  ): TrainerHandle;
  /**
   * One update, on a thread of its own; there is none where the loss or the norm is not finite. The
   * models and their tensors are out of reach until the promise settles. With a group, gradients
   * are averaged over its processes.
   */
  stepTrainer(
    trainer: TrainerHandle,
    batch: BatchArgument<Tensor>,
    learningRate: number,
    beta1: number,
    group: ProcessGroupHandle | null,
  ): Promise<{ loss: number; gradientNorm: number }>;
  /**
   * Without gradients: reconstructions [recordings, samples] or logits [recordings, classes], the
   * loss of each recording, and of a hypernetwork whether a reconstruction is constant though its
   * recording is not.
   */
  evaluateTrainer(
    trainer: TrainerHandle,
    batch: BatchArgument<Tensor>,
  ): Promise<{ outputs: Tensor; losses: Float64Array; constant: boolean[] }>;
  /** Many steps of a fit, on a thread of its own. */
  runTrainer(
    fit: TrainerHandle,
    untilStep: number,
    abort: AbortFlagHandle | null,
    onProgress: ((report: FitReport) => void) | null,
  ): Promise<{ reason: FitReason; last: FitReport | null }>;
  /** Losses are [steps, clips]; `recorded` says whether steps are replays of a CUDA graph. */
  fitFacts(fit: TrainerHandle): {
    step: number;
    threads: number;
    recorded: boolean;
    losses: Float64Array;
  };
  /** Of a hypernetwork, for schedules of the loss. */
  setTrainerLoss(trainer: TrainerHandle, loss: LossOptions): void;
  /**
   * What an exact continuation needs beside the model and the number of updates:
   * `firstMoment.<parameter>`, `secondMoment.<parameter>`, and of a fit its losses and counters. On
   * the CPU they are the trainer's own memory.
   */
  trainerState(trainer: TrainerHandle): [name: string, tensor: Tensor][];
  /** The state of a fit tells its number of updates as well. */
  loadTrainerState(trainer: TrainerHandle, state: readonly [name: string, tensor: Tensor][]): void;
  setTrainerStep(trainer: TrainerHandle, step: number): void;
  disposeTrainer(trainer: TrainerHandle): void;
}
