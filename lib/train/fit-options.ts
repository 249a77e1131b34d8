import { z } from 'zod';
import type { FitReport } from '../addon/models.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import { Inr } from '../nn/index.js';
import { defaultLearningRates } from '../nn/networks.js';
import {
  abortSignal,
  callback,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../options.js';
import { type LossOptions, lossSchema, type ResolvedLoss } from './loss.js';
import { beta, type Schedule, type ScheduleKind, scheduleSchema } from './schedule.js';

/** When to stop before the last step. Whichever condition comes first. */
export interface EarlyStopOptions {
  /** Stop when this SI-SNR is reached, dB. */
  siSnr?: number;
  /** Stop when the loss is not above this. */
  loss?: number;
  /** Stop after so many steps without a lower loss, 1 or more. */
  patience?: number;
  /** By how much the loss must fall to count as lower. Default 0. */
  minDelta?: number;
}

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
}

/** Options of `fit`. */
export interface FitOptions {
  /** Updates, 1 to 100,000,000. Default 1000 (the paper's tables: 10,000). */
  steps?: number;
  /** Above 0. Default: `defaultLearningRates` for this kind of network. */
  learningRate?: number;
  /** AdamW's decoupled weight decay, 0 or more. Default 0.01. */
  weightDecay?: number;
  /** Decays of AdamW's moments, in [0, 1). Default [0.9, 0.999]; one cycle brings its own β₁. */
  betas?: readonly [number, number];
  /** AdamW's ε, above 0. Default 1e-8. */
  epsilon?: number;
  /** How the learning rate changes: a kind or a kind with its numbers. Default 'constant'. */
  schedule?: ScheduleKind | Schedule;
  /** The loss; its sampling rate is the clip's unless given. */
  loss?: LossOptions;
  /** Threads of the CPU, 1 to 1024. Default: LibTorch's own choice. */
  threads?: number;
  earlyStop?: EarlyStopOptions;
  checkpoint?: CheckpointOptions;
  /** Path of a checkpoint to go on from. The network then takes the checkpoint's weights. */
  resume?: string;
  /** Called at most every 50 ms or so, and for the last step. An error that it throws ends the fit. */
  onProgress?: (progress: FitProgress) => void;
  /**
   * Told, once, where the network's output has become constant: it has died and learns no more. Default: a warning of the
   * process. An error that it throws ends the fit.
   */
  onWarning?: (warning: TrainingWarning) => void;
  /** Stops the fit within a step; a checkpoint is written first where one is asked for. */
  signal?: AbortSignal;
}

const path = z.string({ error: 'Expected a path' }).min(1, { error: 'Expected a path' });
const finite = z.number({ error: 'Expected a finite number' });

function fitSchema(learningRate: number, sampleRate: number) {
  return optionsObject({
    steps: wholeNumber(1, 100_000_000).default(1000),
    learningRate: positiveNumber.default(learningRate),
    weightDecay: nonNegativeNumber.default(0.01),
    betas: z
      .tuple([beta, beta], { error: 'Expected two numbers from 0 to below 1' })
      .default([0.9, 0.999]),
    epsilon: positiveNumber.default(1e-8),
    schedule: scheduleSchema.default({ kind: 'constant' }),
    loss: lossSchema(sampleRate).prefault({ sampleRate }),
    threads: wholeNumber(1, 1024).optional(),
    earlyStop: optionsObject({
      siSnr: finite.optional(),
      loss: finite.optional(),
      patience: wholeNumber(1, 100_000_000).optional(),
      minDelta: nonNegativeNumber.default(0),
    }).optional(),
    checkpoint: optionsObject({
      path,
      every: wholeNumber(1, 100_000_000).optional(),
    }).optional(),
    resume: path.optional(),
    onProgress: callback<(progress: FitProgress) => void>().optional(),
    onWarning: callback<OnWarning>().optional(),
    signal: abortSignal.optional(),
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
 * Refuses options that only the fit of one network has.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option
 */
export function refuseOptions(caller: string, options: object, names: readonly string[]): void {
  const unknown = names.find((name) => name in options);
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
    'fit: the network is none; make it by new KAN() or another of the networks.',
    { field: 'network' },
  );
}

function requireLongEnough(clip: Clip, { mel, fftSizes }: ResolvedLoss): void {
  const longest = mel > 0 ? Math.max(...fftSizes) : 2;
  const needed = Math.floor(longest / 2) + 1;
  if (clip.length >= needed) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the clip has ${clip.length} sample(s), but ${
      mel > 0 ? `the loss with an FFT size of ${longest}` : 'a time axis'
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

/** To whoever asked for warnings; else one of the process (`process.on('warning')`, by default on standard error). */
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
