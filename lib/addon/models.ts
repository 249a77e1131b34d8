// What the addon offers for classifiers of waveforms. binding/classifiers.cc and binding/classifier_trainers.cc are the
// other side; `Addon` (addon.ts) includes this.
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

// What the addon offers for training in several processes. binding/distributed.cc is the other side; `Addon` (addon.ts)
// includes this.
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

// What the addon offers for models that write networks. binding/hyper_models.cc and binding/hyper_trainers.cc are the
// other side; `Addon` (addon.ts) includes this.
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

// What the addon offers for networks and training. binding/networks.cc, binding/training.cc and binding/job.cc are
// the other side; `Addon` (addon.ts) includes this.

declare const brand: unique symbol;

/** Objects of the addon; each carries a type tag, so anything else in its place is an error. */
export interface Opaque<Name extends string> {
  readonly [brand]: Name;
}
export type NetworkHandle = Opaque<'network'>;
export type LossHandle = Opaque<'loss'>;
export type AdamWHandle = Opaque<'optimizer'>;
export type FitterHandle = Opaque<'fitter'>;
export type AbortFlagHandle = Opaque<'abort'>;

export type NetworkKind = 'kan' | 'nerf' | 'siren' | 'finer' | 'rff' | 'wire';

export interface SplineGridArgument {
  intervals: number;
  order: number;
  lower: number;
  upper: number;
}

export interface LossArgument {
  time?: number;
  mel?: number;
  sampleRate?: number;
  mels?: number;
  fftSizes?: readonly number[];
  bandPower?: number;
}

export interface AdamWArgument {
  learningRate?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  /** Most that an update changes a tensor by, a part of its size; 0: as AdamW has it. */
  maxUpdate?: number;
}

export interface ScheduleArgument {
  kind?: 'constant' | 'cosine' | 'oneCycle';
  learningRate?: number;
  totalSteps?: number;
  minimum?: number;
  beta1?: number;
  divFactor?: number;
  finalDivFactor?: number;
  warmupFraction?: number;
  beta1Base?: number;
  beta1Max?: number;
}

export interface FitterArgument {
  steps: number;
  threads?: number;
  /** Seconds between two reports. */
  progressInterval?: number;
  optimizer: AdamWArgument;
  schedule: ScheduleArgument;
  loss: LossArgument;
  earlyStop: {
    siSnr?: number | null;
    loss?: number | null;
    patience?: number;
    minDelta?: number;
  };
}

export interface FitterReport {
  step: number;
  /** Of each clip. */
  losses: number[];
  /** Of each clip, dB; null where undefined. */
  siSnr: (number | null)[];
  /** Of each clip: whether the estimate is constant though the clip is not. */
  constant: boolean[];
  /** Since this run began. */
  seconds: number;
}

export type FitterReason = 'steps' | 'siSnr' | 'loss' | 'patience' | 'aborted';

/** `Tensor` is the addon's tensor handle. */
export interface ModelAddon<Tensor, DType extends string> {
  createNetwork(kind: NetworkKind, options: object): NetworkHandle;
  /** t [samples, 1] or [batch, samples, 1]; weights by name, each with a leading [batch]. */
  networkForward(
    network: NetworkHandle,
    t: Tensor,
    weights: Readonly<Record<string, Tensor>> | null,
  ): Tensor;
  /** Parameters in registration order, then buffers: the network's own tensors. */
  networkTensors(network: NetworkHandle): [name: string, tensor: Tensor, learnable: boolean][];
  networkLayout(network: NetworkHandle): { name: string; shape: number[] }[];
  networkParameterCount(network: NetworkHandle): number;
  moveNetwork(network: NetworkHandle, device: string, dtype: DType): void;
  disposeNetwork(network: NetworkHandle): void;

  splineKnots(grid: SplineGridArgument, dtype: DType): Tensor;
  splineBases(x: Tensor, grid: SplineGridArgument): Tensor;
  melFilterbank(sampleRate: number, fftSize: number, mels: number, dtype: DType): Tensor;
  setKanPath(path: 'fused' | 'reference'): void;
  setMlpPath(path: 'fused' | 'reference'): void;

  createLoss(options: LossArgument): LossHandle;
  computeLoss(loss: LossHandle, estimate: Tensor, target: Tensor): Tensor;
  computeMelPerResolution(loss: LossHandle, estimate: Tensor, target: Tensor): Tensor;

  createAdamW(parameters: readonly Tensor[], options: AdamWArgument): AdamWHandle;
  stepAdamW(optimizer: AdamWHandle, learningRate: number, beta1: number): void;
  zeroGradAdamW(optimizer: AdamWHandle): void;
  /** The moments are the optimiser's own tensors: write into them to restore a state. */
  stateOfAdamW(optimizer: AdamWHandle): {
    step: number;
    firstMoments: Tensor[];
    secondMoments: Tensor[];
  };
  setStepOfAdamW(optimizer: AdamWHandle, step: number): void;
  scheduledRate(schedule: ScheduleArgument, step: number): { learningRate: number; beta1: number };

  createAbortFlag(): AbortFlagHandle;
  raiseAbort(flag: AbortFlagHandle): void;
  /** One network for each row of targets [clips, samples]. */
  createFitter(
    networks: readonly NetworkHandle[],
    targets: Tensor,
    options: FitterArgument,
  ): FitterHandle;
  /** Runs on a thread of its own; the networks and their tensors are out of reach until the promise settles. */
  runFitter(
    fitter: FitterHandle,
    untilStep: number,
    abort: AbortFlagHandle | null,
    onProgress: ((report: FitterReport) => void) | null,
  ): Promise<{ reason: FitterReason; last: FitterReport | null }>;
  /** Losses are [steps, clips]; `recorded` says whether steps are replays of a CUDA graph. */
  fitterFacts(fitter: FitterHandle): {
    step: number;
    threads: number;
    recorded: boolean;
    losses: Float64Array;
  };
  fitterState(fitter: FitterHandle): [name: string, tensor: Tensor][];
  loadFitterState(fitter: FitterHandle, state: readonly [name: string, tensor: Tensor][]): void;
}
