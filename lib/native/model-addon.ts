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
