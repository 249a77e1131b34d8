import { join } from 'node:path';
import { type Clip, crop } from '../../audio/index.js';
import { evaluate, type Metrics, metricNames } from '../../metrics/index.js';
import { createInr, type Inr, PiecewiseInr, planPieces } from '../../nn/index.js';
import type { ReportedModel, ReportedRun } from '../../report/index.js';
import type { Device } from '../../tensor/index.js';
import { resolveFitOptions } from '../../train/fit-options.js';
import { type FitOptions, type FitProgress, type FitResult, fit } from '../../train/index.js';
import type { CommandContext } from '../command.js';
import type { Kind } from '../flags/networks.js';
import { STANDARD_SAMPLES } from '../flags/recording.js';
import { defined, type TrainingSettings } from '../flags/training.js';
import { versions } from '../machine.js';
import { fitProgress, type ProgressDisplay } from '../terminal/progress.js';

/** Metrics of every fit, in the order of tables: all but MAE, which the paper's have not. */
const FIT_METRICS = metricNames.filter((name) => name !== 'mae');

/** Samples that neighbouring pieces of a long recording share. */
const OVERLAP = 2048;

/** What a network is to learn, and how. */
export interface FittingRequest {
  readonly kind: Kind;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly clip: Clip;
  /** Learn the clip in pieces of the standard length, each with a network of its own. */
  readonly inPieces: boolean;
  readonly training: TrainingSettings;
}

/** A request of which every option has been checked. */
export interface CheckedFitting extends FittingRequest {
  /** Every option of the network, defaults included, but for those in `training`. */
  readonly resolvedModel: Readonly<Record<string, unknown>>;
  /** Every option of the training, defaults included. */
  readonly resolvedTraining: Readonly<Record<string, unknown>> & { readonly learningRate: number };
}

/** SI-SNR at a step. */
export interface SiSnrAtStep {
  readonly step: number;
  readonly siSnr: number | null;
}

/** How the training of one piece went. */
export interface FittedPiece {
  readonly result: FitResult;
  readonly siSnr: readonly SiSnrAtStep[];
  readonly warnings: readonly string[];
}

/** A network that has learned a clip, and how well. */
export interface Fitted {
  readonly fitting: CheckedFitting;
  readonly network: Inr | PiecewiseInr;
  /** One, unless the clip was learned in pieces. */
  readonly pieces: readonly FittedPiece[];
  readonly reconstruction: Float32Array;
  readonly metrics: Metrics<(typeof FIT_METRICS)[number]>;
}

/** Where a fit keeps what an interruption needs. */
export interface Checkpoints {
  /** Folder that exists. */
  readonly folder: string;
  /** Steps between two; absent: only at an interruption. */
  readonly every?: number;
  /** Which pieces have one to go on from, by file name. */
  readonly existing: ReadonlySet<string>;
}

/**
 * Checks every option of a fit, and the clip, before anything is trained or written.
 *
 * @throws FewSoundError what the network's constructor and `fit` throw for bad options
 */
export function checkFitting(request: FittingRequest): CheckedFitting {
  const { clip, training } = request;
  const network = makeNetwork(request);
  try {
    const {
      seed: _,
      device,
      dtype,
      ...resolvedModel
    } = network.options as unknown as Record<string, unknown>;
    const options = fitOptions(training);
    for (const piece of cutClip(request)) resolveFitOptions(network, piece, options);
    const resolvedTraining = { ...resolveFitOptions(network, clip, options) };
    return { ...request, resolvedModel, resolvedTraining };
  } finally {
    network.dispose();
  }
}

/** Trains with progress on standard error. The caller disposes of the network. */
export async function fitNetwork(
  fitting: CheckedFitting,
  context: CommandContext,
  {
    label = '',
    checkpoints,
    onBegin,
  }: { label?: string; checkpoints?: Checkpoints; onBegin?: () => void } = {},
): Promise<Fitted> {
  const clips = cutClip(fitting);
  const networks: Inr[] = [];
  const pieces: FittedPiece[] = [];
  try {
    for (const [index, clip] of clips.entries()) {
      const network = makeNetwork(fitting);
      networks.push(network);
      const name = clips.length === 1 ? label : `${label}piece ${index + 1}/${clips.length}  `;
      const progress = await fitProgress(context, name);
      const checkpoint =
        checkpoints && checkpointOptions(checkpoints, clips.length, index, fitting.training.steps);
      pieces.push(
        await fitPiece(network, clip, progress, {
          ...fitOptions(fitting.training),
          ...checkpoint,
          signal: context.signal,
          ...(onBegin && { onProgress: onBegin }),
        }),
      );
    }
    const network = joinPieces(networks, fitting);
    const reconstruction = network.render(fitting.clip.length);
    const metrics = await evaluate(fitting.clip, reconstruction, { metrics: FIT_METRICS });
    return { fitting, network, pieces, reconstruction, metrics };
  } catch (error) {
    for (const network of networks) network.dispose();
    throw error;
  }
}

async function fitPiece(
  network: Inr,
  clip: Clip,
  progress: ProgressDisplay<FitProgress>,
  options: FitOptions,
): Promise<FittedPiece> {
  const siSnr: SiSnrAtStep[] = [];
  const warnings: string[] = [];
  try {
    const result = await fit(network, clip, {
      ...options,
      onProgress: (state) => {
        options.onProgress?.(state);
        siSnr.push({ step: state.step, siSnr: state.siSnr });
        progress.update(state);
      },
      onWarning: ({ message }) => {
        warnings.push(message);
        progress.note(`warning: ${message}`);
      },
    });
    return { result, siSnr, warnings };
  } finally {
    progress.stop();
  }
}

/** File of a piece's checkpoint. */
function checkpointName(pieces: number, index: number): string {
  return pieces === 1
    ? 'latest.safetensors'
    : `piece-${String(index + 1).padStart(4, '0')}.safetensors`;
}

function checkpointOptions(
  { folder, every, existing }: Checkpoints,
  pieces: number,
  index: number,
  steps: number,
): Pick<FitOptions, 'checkpoint' | 'resume'> {
  const name = checkpointName(pieces, index);
  const path = join(folder, name);
  // A finished piece has a checkpoint too: resumed, it has nothing left to do.
  const interval = every ?? (pieces > 1 ? steps : undefined);
  return {
    checkpoint: { path, ...defined({ every: interval }) },
    ...(existing.has(name) && { resume: path }),
  };
}

function makeNetwork({ kind, modelOptions, training }: FittingRequest): Inr {
  const { seed, device, dtype } = training;
  return createInr(kind, { ...modelOptions, seed, device, dtype });
}

function fitOptions(settings: TrainingSettings): FitOptions {
  const { steps, learningRate, weightDecay, schedule, loss, earlyStop, threads } = settings;
  return { steps, weightDecay, schedule, loss, ...defined({ learningRate, earlyStop, threads }) };
}

function piecesOf({ clip, inPieces }: FittingRequest) {
  return planPieces(clip.length, inPieces ? STANDARD_SAMPLES : clip.length, OVERLAP);
}

function cutClip(request: FittingRequest): Clip[] {
  return piecesOf(request).map(({ start, length }) => crop(request.clip, start, length));
}

function joinPieces(networks: readonly Inr[], request: FittingRequest): Inr | PiecewiseInr {
  const [only, ...others] = networks as [Inr, ...Inr[]];
  if (others.length === 0) return only;
  const { sampleRate, length } = request.clip;
  const pieces = piecesOf(request);
  return new PiecewiseInr({
    networks,
    pieces,
    overlap: OVERLAP,
    clip: { sampleRate, samples: length },
  });
}

/** The numbers of a training as a whole. */
export interface TrainingSummary {
  /** Steps done; of the longest piece. */
  readonly steps: number;
  /** The last loss; of pieces the mean. */
  readonly loss: number;
  /** Loss before each step; of pieces the mean of those still training. */
  readonly losses: Float64Array;
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly device: Device;
  readonly threads: number;
  readonly warnings: readonly string[];
}

export function summarise(pieces: readonly FittedPiece[]): TrainingSummary {
  const results = pieces.map(({ result }) => result);
  const { device, threads } = results[0] as FitResult;
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const steps = Math.max(...results.map((result) => result.steps));
  const losses = Float64Array.from({ length: steps }, (_, step) =>
    mean(results.flatMap((result) => (step < result.steps ? [result.losses[step] as number] : []))),
  );
  return {
    steps,
    loss: mean(results.map(({ loss }) => loss)),
    losses,
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    secondsPerStep: mean(results.map(({ secondsPerStep }) => secondsPerStep)),
    device,
    threads,
    warnings: pieces.flatMap((piece, index) =>
      piece.warnings.map((warning) =>
        pieces.length === 1 ? warning : `piece ${index + 1}: ${warning}`,
      ),
    ),
  };
}

/** A fitted network as reports show it. */
export function reportedModel({
  fitting,
  network,
  pieces,
  reconstruction,
  metrics,
}: Fitted): ReportedModel {
  const { steps, losses, seconds, secondsPerStep, warnings } = summarise(pieces);
  const [only, ...others] = pieces;
  const { seed, dtype } = fitting.training;
  return {
    kind: fitting.kind,
    parameters: network.parameterCount,
    options: {
      ...fitting.resolvedModel,
      seed,
      dtype,
      ...(others.length > 0 && { pieces: pieces.length }),
    },
    reconstruction,
    metrics,
    losses,
    // Pieces have a curve each, which do not make one.
    ...(only && others.length === 0 && { siSnr: only.siSnr }),
    steps,
    seconds,
    secondsPerStep,
    warnings,
  };
}

/** How networks were fitted. */
export function reportedRun(
  training: Readonly<Record<string, unknown>>,
  { device, threads }: Pick<TrainingSummary, 'device' | 'threads'>,
): ReportedRun {
  return { device, threads, training, versions: versions() };
}
