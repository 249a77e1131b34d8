import { z } from 'zod';
import type { FitReport } from '../addon/models.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import { Inr } from '../nn/index.js';
import { defaultLearningRates } from '../nn/networks.js';
import type { EarlyStopOptions, FitFields, LossOptions, Schedule } from '../options.generated.js';
import {
  abortSignal,
  callback,
  defined,
  fieldsOf,
  fitGroup,
  fitRows,
  optionsObject,
  parseOptions,
  wholeNumber,
} from '../options.js';
import { longestFrame, lossSchema, type ResolvedLoss } from './loss.js';
import { type AdamWOptions, adamWFields } from './optimizer.js';
import { type ScheduleKind, scheduleSchema } from './schedule.js';

/** Where to keep what an interrupted fit needs to go on. */
export interface CheckpointOptions {
  /** A file in a folder that exists; each checkpoint replaces the one before, atomically. */
  path: string;
  /** Write one after every so many steps. Default: only when the fit is aborted. */
  every?: number;
}

/** Where a fit is. */
export interface FitProgress {
  /** Steps done, from 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** The loss before the last of them. */
  readonly loss: number;
  /** Its SI-SNR, dB; null where that is undefined, as for silence. */
  readonly siSnr: number | null;
  /** Mean over this call of `fit`. */
  readonly stepsPerSecond: number;
  /** In this call of `fit`. */
  readonly secondsElapsed: number;
  /** Estimate, unless it stops early. */
  readonly secondsLeft: number;
  /** Its reconstruction [samples], a copy; with the option `estimates`. */
  readonly estimate?: Float32Array;
  /**
   * Shows the network between two steps, also after this report; the fit waits while `see` reads
   * it, and its result stays the same. Tensors that are made in it are freed at its end.
   *
   * @returns what `see` returns or throws; undefined where the fit has ended
   */
  readonly look: <T>(see: (network: Inr) => T) => Promise<T | undefined>;
}

/** Options of `fit`. */
export interface FitOptions
  extends AdamWOptions,
    Omit<FitFields, 'optimizer' | 'schedule' | 'loss' | 'progressInterval'> {
  /** Above 0. Default: `defaultLearningRates` for this kind of network. */
  learningRate?: number;
  /** How the learning rate changes: a kind or a kind with its numbers. Default 'constant'. */
  schedule?: ScheduleKind | Schedule;
  /** The loss; its sampling rate is the clip's unless given. */
  loss?: LossOptions;
  checkpoint?: CheckpointOptions;
  /** Path of a checkpoint to go on from. The network then takes the checkpoint's weights. */
  resume?: string;
  /**
   * Called at most every 50 ms or so, and for the last step. An error that it throws ends the fit.
   */
  onProgress?: (progress: FitProgress) => void;
  /**
   * Told, once, where the network's output has become constant: it has died and learns no more.
   * Default: a warning of the process. An error that it throws ends the fit.
   */
  onWarning?: (warning: TrainingWarning) => void;
  /** Stops the fit within a step; a checkpoint is written first where one is asked for. */
  signal?: AbortSignal;
  /**
   * Ends the fit within a step as an early stop does: the promise is fulfilled. Before the first
   * step there is nothing to keep, and it is as `signal`.
   */
  stop?: AbortSignal;
}

const path = z.string({ error: 'Expected a path' }).min(1, { error: 'Expected a path' });
const {
  steps,
  optimizer: _,
  progressInterval: __,
  estimates,
  ...others
} = fieldsOf<FitFields & Record<'steps' | 'share' | 'shareUntil', number>>(fitRows);
export const threadsField = others.threads;

function fitSchema(learningRate: number, sampleRate: number) {
  return optionsObject({
    steps,
    ...adamWFields,
    learningRate: adamWFields.learningRate.default(learningRate),
    ...others,
    schedule: scheduleSchema.default({ kind: 'constant' }),
    loss: lossSchema(sampleRate).prefault({}),
    earlyStop: optionsObject(fieldsOf<EarlyStopOptions>(fitGroup('earlyStop'))).optional(),
    checkpoint: optionsObject({
      path,
      every: wholeNumber(1, 100_000_000).optional(),
    }).optional(),
    resume: path.optional(),
    // Absent from what a run records: it changes nothing of the training.
    estimates: estimates.optional(),
    onProgress: callback<(progress: FitProgress) => void>().optional(),
    onWarning: callback<OnWarning>().optional(),
    signal: abortSignal.optional(),
    stop: abortSignal.optional(),
  });
}

/** Fit options with every default filled in. */
export type ResolvedFit = z.output<ReturnType<typeof fitSchema>>;

/**
 * Checks options against a network and a clip; touches neither.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected
 */
export function resolveFitOptions(network: Inr, clip: Clip, options: FitOptions): ResolvedFit {
  const schema = fitSchema(defaultLearningRates[network.kind], clip.sampleRate);
  const resolved = parseOptions(schema, options, 'fit options');
  requireLongEnough(clip, resolved.loss);
  return resolved;
}

/**
 * What a step costs whatever its samples, beside what all of them cost: a step of a quarter takes a
 * third of the time (measured with `quick`).
 */
const FIXED_COST = 1 / 8;

/** How many steps of all samples take as long as the first `step` steps of a fit. */
export function wholeSteps(
  { steps, share, shareUntil }: Pick<ResolvedFit, 'steps' | 'share' | 'shareUntil'>,
  step: number,
): number {
  const shared = Math.min(step, Math.ceil(shareUntil * steps));
  return (shared * (share + FIXED_COST)) / (1 + FIXED_COST) + (step - shared);
}

/**
 * Refuses options that only the fit of one network has.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option
 */
export function refuseOptions(caller: string, options: object, names: readonly string[]): void {
  const given = defined(options);
  const unknown = names.find((name) => name in given);
  if (unknown === undefined) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${caller} options: ${unknown} is for fit, which trains one network; there is no such option here.`,
    { field: unknown },
  );
}

/** @throws FewSoundError INVALID_ARGUMENT */
export function requireNetwork(network: Inr): void {
  if (network instanceof Inr) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    'expected a network; create one with new KAN() or another class of networks.',
    { field: 'network' },
  );
}

function requireLongEnough(clip: Clip, loss: ResolvedLoss): void {
  const longest = Math.max(2, longestFrame(loss, [loss, ...loss.course]));
  const needed = Math.floor(longest / 2) + 1;
  if (clip.length >= needed) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the clip has ${clip.length} sample(s), but ${
      longest > 2 ? `the loss with an FFT size of ${longest}` : 'a time axis'
    } needs ${needed} or more. Take a longer clip, or smaller loss.fftSizes.`,
    { field: 'clip' },
  );
}

/** What a training noticed, and goes on in spite of. */
export interface TrainingWarning {
  /** `CONSTANT_OUTPUT`: a network's output has become constant, though its recording is not. */
  readonly code: 'CONSTANT_OUTPUT';
  /** Updates done. */
  readonly step: number;
  /** What was seen, and what to do about it. */
  readonly message: string;
  /** Of `fitAll`: the place of the clip among the clips. */
  readonly clip?: number;
}

/** Hears of a warning. */
export type OnWarning = (warning: TrainingWarning) => void;

/**
 * To whoever asked for warnings; else one of the process (`process.on('warning')`, by default on
 * standard error).
 */
export function tellWarning(warning: TrainingWarning, onWarning: OnWarning | undefined): void {
  if (onWarning !== undefined) onWarning(warning);
  else process.emitWarning(warning.message, { type: 'FewSoundWarning', code: warning.code });
}

/** Looks for outputs that have become constant in the reports of a fit, and tells of each once. */
export class ConstantOutputWatch {
  readonly #told = new Set<number>();

  /** @param clips places of the clips of the loop among those of `fitAll`; absent for `fit` */
  constructor(
    private readonly options: { learningRate: number; onWarning?: OnWarning | undefined },
    private readonly clips?: readonly number[],
  ) {}

  look({ step, constant }: FitReport): void {
    // SIREN and FINER may begin with next to nothing; the first updates change that.
    if (step <= 2) return;
    for (const [row, isConstant] of constant.entries()) {
      if (!isConstant || this.#told.has(row)) continue;
      this.#told.add(row);
      const clip = this.clips?.[row];
      const whose = clip === undefined ? 'the network' : `the network of clip ${clip}`;
      tellWarning(
        {
          code: 'CONSTANT_OUTPUT',
          step,
          message: `at step ${step} the output of ${whose} is constant: all units of a layer are off, and what no gradient reaches does not come back. Fit again with a lower learning rate than ${this.options.learningRate}, or with another seed.`,
          ...(clip !== undefined && { clip }),
        },
        this.options.onWarning,
      );
    }
  }
}
