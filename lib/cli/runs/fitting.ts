import { join } from 'node:path';
import { z } from 'zod';
import type { Clip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { readJson } from '../../files.js';
import { evaluate, type Metrics } from '../../metrics/index.js';
import { defaultMetrics } from '../../metrics/registry.js';
import {
  amplitudeEnvelope,
  createInr,
  type EncodingFrequencies,
  type Envelope,
  encodingFrequencies,
  type Inr,
  type PiecewiseInr,
} from '../../nn/index.js';
import { defined, parseOptions } from '../../options.js';
import type { FitConditions, FittedNetwork } from '../../report/index.js';
import { kindName } from '../../report/text-table.js';
import type { FitWatcher } from '../../studio/index.js';
import { type Device, scope } from '../../tensor/index.js';
import { usualPieceLength } from '../../train/fit-long.js';
import { resolveFitOptions } from '../../train/fit-options.js';
import {
  type FitOptions,
  type FitProgress,
  type FitResult,
  fit,
  fitLong,
} from '../../train/index.js';
import { type CommandContext, stylist } from '../command.js';
import { KINDS, type Kind } from '../flags/networks.js';
import { STANDARD_SAMPLES } from '../flags/recording.js';
import type { TrainingSettings } from '../flags/training.js';
import { versions } from '../machine.js';
import { FIT_PROGRESS, type ProgressDisplay, withProgress } from '../terminal/progress.js';

const number = z.number();

const RUN_CONFIG = z.strictObject({
  fewsound: z.string(),
  date: z.string(),
  /** Absolute path of the recording. */
  audio: z.string(),
  recording: z.strictObject({
    samples: z.union([number.int(), z.literal('all')]),
    sampleRate: number.optional(),
    offset: number,
    channel: z.union([number.int(), z.literal('mix')]),
  }),
  /** Absent in runs of versions without recipes. */
  recipe: z.strictObject({ name: z.string(), version: number.int() }).optional(),
  /** What it began from: absolute path, and what is there. */
  from: z.strictObject({ path: z.string(), kind: z.string() }).optional(),
  model: z.enum(KINDS),
  /** Every option of the network, defaults included. */
  modelOptions: z.record(z.string(), z.unknown()),
  /** The same of the networks that the recipe goes on to. */
  wider: z.array(z.record(z.string(), z.unknown())).optional(),
  /** `fit` checks its own options. */
  training: z.looseObject({ steps: number, seed: number, device: z.string(), dtype: z.string() }),
  /** Every option of the training, for the reader; a resumed fit reads `training`. */
  fitOptions: z.record(z.string(), z.unknown()),
});

/** The settings of a fit, as config.json holds them: enough to do it again. */
export type RunConfig = Omit<z.output<typeof RUN_CONFIG>, 'training'> & {
  readonly training: TrainingSettings;
};

/**
 * Reads the settings of a fit.
 *
 * @throws FewSoundError `FILE_NOT_FOUND`, `FILE_FORMAT` or `INVALID_ARGUMENT`
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const stored = await readJson(path, { missing: 'Is this the folder of a fit?' });
  return parseOptions(RUN_CONFIG, stored, path) as RunConfig;
}

/** The network that is to learn a clip, and how. */
export interface FittingRequest {
  readonly kind: Kind;
  /** Frequencies of the encoding and the envelope may be a rule. */
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly clip: Clip;
  /** Learn a long clip in pieces of the standard length, each with a network of its own. */
  readonly inPieces: boolean;
  readonly training: TrainingSettings;
  /** Whose weights the network begins with. Default: random ones. */
  readonly start?: Inr;
}

/** A request whose options have all been checked. */
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

/** The training of one piece. */
export interface PieceCourse {
  readonly result: FitResult;
  readonly siSnr: readonly SiSnrAtStep[];
  readonly warnings: readonly string[];
}

/** A network that has learned a clip, and how well. */
export interface Fitted {
  readonly fitting: CheckedFitting;
  readonly network: Inr | PiecewiseInr;
  /** One, unless the clip was learned in pieces. */
  readonly pieces: readonly PieceCourse[];
  readonly reconstruction: Float32Array;
  readonly metrics: Partial<Metrics>;
}

/** Where a fit keeps its state. */
export interface Checkpoints {
  /** Folder that exists. */
  readonly folder: string;
  /** Steps between two; by default only when the fit is interrupted. */
  readonly every: number | undefined;
  /** Continue from the state that is there. */
  readonly resume: boolean;
}

/**
 * Checks every option of a fit, and the clip, before anything is trained or written.
 *
 * @throws FewSoundError what the network's constructor and `fit` throw for bad options
 */
export function checkFitting(given: FittingRequest): CheckedFitting {
  const { clip, training } = given;
  const inPieces = given.inPieces && clip.length > STANDARD_SAMPLES;
  const request = { ...given, inPieces, modelOptions: withFrequencies(given, inPieces) };
  const network = makeNetwork(request);
  try {
    const { seed: _, device, dtype, ...options } = network.options;
    const resolvedTraining = { ...resolveFitOptions(network, clip, fitOptions(training)) };
    // Every piece has an envelope of its own.
    const { envelope } = request.modelOptions;
    const resolvedModel = { ...options, ...(inPieces && envelope !== undefined && { envelope }) };
    return { ...request, resolvedModel, resolvedTraining };
  } finally {
    network.dispose();
  }
}

/**
 * Trains with progress on standard error. The caller disposes of the network.
 *
 * @param checkpoints where the state is kept, and resumed from
 * @param onBegin called with every report of progress
 */
export async function fitNetwork(
  fitting: CheckedFitting,
  context: CommandContext,
  {
    label = '',
    checkpoints,
    onBegin,
  }: { label?: string; checkpoints?: Checkpoints; onBegin?: () => void } = {},
): Promise<Fitted> {
  const { clip, inPieces, training, kind } = fitting;
  const pieces: PieceCourse[] = [];
  let siSnr: SiSnrAtStep[] = [];
  let warnings: string[] = [];
  const onFitted = (result: FitResult) => {
    pieces.push({ result, siSnr, warnings });
    [siSnr, warnings] = [[], []];
  };
  let network: Inr | PiecewiseInr | undefined;
  let watcher: FitWatcher | undefined;
  const train = async (progress: ProgressDisplay<FitProgress>): Promise<Inr | PiecewiseInr> => {
    const options = {
      ...fitOptions(training),
      ...stateIn(checkpoints, inPieces ? '' : 'latest.safetensors'),
      signal: context.signal,
      onProgress: (state: FitProgress) => {
        onBegin?.();
        siSnr.push({ step: state.step, siSnr: state.siSnr });
        progress.update(state);
        watcher?.progress(state);
      },
      onWarning: ({ message }: { message: string }) => {
        warnings.push(message);
        progress.note(`warning: ${message}`);
        watcher?.warning(message);
      },
    };
    if (inPieces) {
      const ofPiece = (_: number, __: number, piece: Clip) => makeNetwork(fitting, piece);
      return fitLong(ofPiece, clip, { ...options, onFitted });
    }
    const alone = makeNetwork(fitting);
    network = alone;
    const parameters = alone.parameterCount;
    watcher = context.watch?.({ kind, label: label.trim() || kindName(kind), clip, parameters });
    const watched = watcher && { estimates: true, stop: watcher.stop };
    onFitted(await fit(alone, clip, { ...options, ...watched }));
    return alone;
  };
  try {
    network = await withProgress(context, label, FIT_PROGRESS, train);
    const reconstruction = network.render(clip.length);
    const metrics = await evaluate(clip, reconstruction, { metrics: defaultMetrics('fits') });
    // One in pieces is not watched.
    watcher?.learned(reconstruction, metrics, network as Inr);
    return { fitting, network, pieces, reconstruction, metrics };
  } catch (error) {
    network?.dispose();
    throw error;
  }
}

/** Options of the network with the frequencies of its encoding as a list. */
function withFrequencies({ modelOptions, clip }: FittingRequest, inPieces: boolean) {
  const { encodingFrequencies: choice, ...others } = modelOptions;
  if (choice === undefined) return modelOptions;
  const samples = inPieces ? usualPieceLength(clip.length) : clip.length;
  const found = encodingFrequencies(choice as EncodingFrequencies, clip, samples);
  return { ...others, encodingFrequencies: found };
}

function stateIn(
  checkpoints: Checkpoints | undefined,
  name: string,
): Pick<FitOptions, 'checkpoint' | 'resume'> {
  if (checkpoints === undefined) return {};
  const path = join(checkpoints.folder, name);
  const { every, resume } = checkpoints;
  return { checkpoint: { path, every }, resume: resume ? path : undefined };
}

/** @param clip what it is to learn: the whole clip, or a piece of it */
function makeNetwork(
  { kind, modelOptions, training, start, clip: whole }: FittingRequest,
  clip: Clip = whole,
): Inr {
  const { seed, device, dtype } = training;
  const { envelope, ...others } = modelOptions;
  const network = createInr(kind, {
    ...others,
    ...(envelope !== undefined && { envelope: amplitudeEnvelope(envelope as Envelope, clip) }),
    ...{ seed, device, dtype },
  });
  if (start !== undefined) scope(() => network.loadStateDict(start.stateDict()));
  return network;
}

function fitOptions({ seed: _, device: __, dtype: ___, ...options }: TrainingSettings): FitOptions {
  // Reports list every option there is: without those that were not given.
  return defined(options);
}

/** Whether a fit came to nothing, which should not cost the others. */
export const hasDiverged = (error: unknown): error is FewSoundError =>
  error instanceof FewSoundError && error.code === 'DIVERGED';

/**
 * Tells of a fit that came to nothing.
 *
 * @param fit which one it was
 * @returns what is told
 */
export function noteFailure(
  fit: string,
  { message }: FewSoundError,
  { stderr }: CommandContext,
): string {
  const text = `${fit}: ${message}`;
  stderr.write(`${stylist(stderr)('yellow', 'fewsound:')} ${text}\n`);
  return text;
}

/** The numbers of a training as a whole. */
export interface TrainingSummary {
  /** Steps done, by the longest piece. */
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

export function summarize(pieces: readonly PieceCourse[]): TrainingSummary {
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
}: Fitted): FittedNetwork {
  const { steps, losses, seconds, secondsPerStep, warnings } = summarize(pieces);
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

/** The fitting of networks as reports show it. */
export function reportedRun(
  training: Readonly<Record<string, unknown>>,
  { device, threads }: Pick<TrainingSummary, 'device' | 'threads'>,
): FitConditions {
  return { device, threads, training, versions: versions() };
}
