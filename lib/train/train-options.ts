import { z } from 'zod';
import { augmentationSchema } from '../data/augmentation.js';
import {
  type AugmentationOptions,
  PreparedCorpus,
  TrainingBatches,
  ValidationBatches,
} from '../data/index.js';
import { FewSoundError } from '../errors.js';
import { type MetricName, metricNames } from '../metrics/index.js';
import { defaultMetrics } from '../metrics/registry.js';
import { requirePosteriorgram } from '../nn/hyper/spectral.js';
import { type FewSound, HyperNetwork, type HyperSound } from '../nn/index.js';
import type { FitFields, LossOptions, Schedule } from '../options.generated.js';
import {
  abortSignal,
  callback,
  flag,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../options.js';
import { type OnWarning, type TrainingWarning, threadsField } from './fit-options.js';
import { longestFrame, type ResolvedLoss, steadyLossSchema } from './loss.js';
import { type AdamWOptions, adamWFields, maxUpdateField, optimizerOf } from './optimizer.js';
import { ProcessGroup } from './process-group.js';
import { courseVersion, peakFrom, type ScheduleKind, scheduleSchema } from './schedule.js';
import type { TrainProgress, ValidationResult } from './training-run.js';

/**
 * The loss in an epoch, counted from 1: weights with a ramp begin with its first value in epoch 1.
 */
export function lossInEpoch(
  loss: ResolvedLoss,
  ramps: ResolvedTrain['lossRamps'],
  epoch: number,
): ResolvedLoss {
  const along = ({ from, to, epochs }: Ramp) =>
    from + (to - from) * Math.min(1, (epoch - 1) / epochs);
  const changed = Object.entries(ramps).flatMap(([name, ramp]) =>
    ramp === undefined ? [] : [[name, along(ramp)]],
  );
  return { ...loss, ...Object.fromEntries(changed) };
}

/** A weight of the loss that moves linearly from one value to another and stays there. */
export interface Ramp {
  from: number;
  to: number;
  /** Over how many epochs, above 0. */
  epochs: number;
}

/** Options of `train`. */
export interface TrainOptions extends AdamWOptions, Pick<FitFields, 'threads'> {
  /**
   * Folder of the run: config.json, metrics.jsonl, checkpoints/ (last and best), event files for
   * TensorBoard.
   */
  folder: string;
  /** Default 2500 (paper 1, section 4.2). */
  epochs?: number;
  /** Random crops in an epoch. Default 10,000 (paper 1, section 4.2). */
  samplesPerEpoch?: number;
  /** Recordings that a process works on at once. Default 16. */
  batchSize?: number;
  /** Batches whose gradients make one update. Default 1. */
  accumulate?: number;
  /**
   * The highest rate of the schedule. Default 2.5e-4, with a SIREN as target 2.5e-5: one cycle
   * begins at a `divFactor`-th of it, the paper's 1e-5 and 1e-6 (paper 1, section 4.2). With other
   * schedules 1e-5 and 1e-6.
   */
  learningRate?: number;
  /**
   * Default one cycle (paper 1, section 4.2), with `warmupFraction` 0.05 and `divFactor` 25 as in
   * the authors' program.
   */
  schedule?: ScheduleKind | Schedule;
  /** What the schedule counts: updates (default), or epochs as the authors' program does. */
  stepPer?: 'batch' | 'epoch';
  /** The loss; its sampling rate is the corpus's. */
  loss?: Omit<LossOptions, 'sampleRate' | 'course'>;
  /**
   * Weights of the loss that change over the epochs, in place of those in `loss`. Validations take
   * those of the last epoch.
   */
  lossRamps?: { time?: Ramp; mel?: Ramp; bandPower?: Ramp };
  /** Gradients are scaled down to this norm. Default: they are not. */
  maxGradientNorm?: number;
  /**
   * Most that an update changes a tensor of weights by, as a part of its size (root mean squares;
   * of 1e-3 where the weights are smaller); the rate of a tensor is lowered for an update that
   * would be more. So a rate that is too high for the model does not switch the units of written
   * networks off for good. Default 0.02. 0: AdamW as it is, as the authors' program has it; a
   * training that is known to be stable learns faster so.
   */
  maxUpdate?: number;
  /**
   * 'bfloat16': encoder and hypernetwork compute in it, splines and loss in float32. Default
   * 'float32'.
   */
  precision?: 'float32' | 'bfloat16';
  /** Seed of the crops. Default 0. */
  seed?: number;
  augmentation?: AugmentationOptions;
  /** Epochs between two validations. Default 1. The last epoch has one too. */
  validateEvery?: number;
  /** Segments for validation at most. Default 512. */
  validationLimit?: number;
  /**
   * What validations measure. Default: all but `cdpam`, which takes seconds a segment. Those that
   * are not set up here are null.
   */
  validationMetrics?: readonly MetricName[];
  /** Updates between two checkpoints. Default: one at the end of every epoch. */
  checkpointEvery?: number;
  /** Batches that are prepared ahead. Default 4. */
  prefetch?: number;
  /** Go on from the last checkpoint in the folder. Default false. */
  resume?: boolean;
  /** The processes that train together; `folder` must be one folder for all. */
  group?: ProcessGroup;
  /** Called after every update. An error that it throws ends the training. */
  onProgress?: (progress: TrainProgress) => void;
  onValidation?: (result: ValidationResult) => void;
  /**
   * Told where a validation finds written networks that have become constant; the log has it too.
   * Default: a warning of the process.
   */
  onWarning?: (warning: TrainingWarning) => void;
  /** Stops after the update at work, or between two batches of a validation, with a checkpoint. */
  signal?: AbortSignal;
}

const rampSchema = optionsObject({
  from: nonNegativeNumber,
  to: nonNegativeNumber,
  epochs: positiveNumber,
});

/** One cycle (paper 1, section 4.2) as the authors' program has it. */
const paperCycle = { kind: 'oneCycle', warmupFraction: 0.05 } as const;

function trainSchema(kind: string, sampleRate: number) {
  return optionsObject({
    folder: z.string({ error: 'Expected the path of a folder' }).min(1, {
      error: 'Expected the path of a folder',
    }),
    epochs: wholeNumber(1, 10_000_000).default(2500),
    samplesPerEpoch: wholeNumber(1, 2 ** 31 - 1).default(10_000),
    batchSize: wholeNumber(1, 65_536).default(16),
    accumulate: wholeNumber(1, 65_536).default(1),
    ...adamWFields,
    schedule: z
      .preprocess(
        (value) => (value === undefined || value === 'oneCycle' ? paperCycle : value),
        scheduleSchema,
      )
      .prefault(paperCycle),
    stepPer: z.enum(['batch', 'epoch'], { error: "Expected 'batch' or 'epoch'" }).default('batch'),
    loss: steadyLossSchema(sampleRate).prefault({}),
    lossRamps: optionsObject({
      time: rampSchema.optional(),
      mel: rampSchema.optional(),
      bandPower: rampSchema.optional(),
    }).prefault({}),
    maxGradientNorm: positiveNumber.optional(),
    maxUpdate: maxUpdateField.default(0.02),
    precision: z
      .enum(['float32', 'bfloat16'], { error: "Expected 'float32' or 'bfloat16'" })
      .default('float32'),
    threads: threadsField,
    seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
    augmentation: augmentationSchema.prefault({}),
    validateEvery: wholeNumber(1, 10_000_000).default(1),
    validationLimit: wholeNumber(1, 2 ** 31 - 1).default(512),
    validationMetrics: z
      .array(z.enum(metricNames, { error: `Expected names of ${metricNames.join(', ')}` }))
      .readonly()
      .default(defaultMetrics('validations')),
    checkpointEvery: wholeNumber(1, 2 ** 31 - 1).optional(),
    prefetch: wholeNumber(1, 64).default(4),
    resume: flag.default(false),
    group: z
      .custom<ProcessGroup>((value) => value instanceof ProcessGroup, {
        error: 'Expected a ProcessGroup',
      })
      .optional(),
    onProgress: callback<(progress: TrainProgress) => void>().optional(),
    onValidation: callback<(result: ValidationResult) => void>().optional(),
    onWarning: callback<OnWarning>().optional(),
    signal: abortSignal.optional(),
  }).transform(({ learningRate, ...options }) => ({
    ...options,
    learningRate: learningRate ?? peakFrom(kind === 'siren' ? 1e-6 : 1e-5, options.schedule),
  }));
}

/** Train options with every default filled in. */
export type ResolvedTrain = z.output<ReturnType<typeof trainSchema>>;

/** Names of the options of `train`. */
export const trainOptionNames = Object.keys(trainSchema('kan', 1).in.shape);

/** What a training works on, checked. */
export interface TrainingSetup {
  readonly model: FewSound | HyperSound;
  readonly corpus: PreparedCorpus;
  readonly options: ResolvedTrain;
  readonly training: TrainingBatches;
  readonly validation: ValidationBatches;
  /** Recordings of an update, of all processes together. */
  readonly recordingsPerStep: number;
  readonly stepsPerEpoch: number;
  readonly rank: number;
}

/**
 * Checks options against a model and a corpus; touches neither.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected;
 *   AUDIO_EMPTY for a corpus without segments
 */
export function setUpTraining(
  model: FewSound | HyperSound,
  corpus: PreparedCorpus,
  given: TrainOptions,
): TrainingSetup {
  if (!(model instanceof HyperNetwork)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'train: the first argument is no FewSound or HyperSound model.',
      {
        field: 'model',
      },
    );
  }
  if (!(corpus instanceof PreparedCorpus)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'train: the second argument is no prepared corpus; open one by openCorpus.',
      { field: 'corpus' },
    );
  }
  const { target, samples, encoder } = model.options;
  if ('sampleRate' in encoder && encoder.sampleRate !== corpus.sampleRate) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `encoder.sampleRate is ${encoder.sampleRate}, but the corpus is at ${corpus.sampleRate} Hz; make the model for its rate.`,
      { field: 'encoder.sampleRate' },
    );
  }
  const options = parseOptions(trainSchema(target.kind, corpus.sampleRate), given, 'train options');
  requireUsefulLoss(samples, options);
  if (!options.resume) requirePosteriorgram(model);
  const { seed, samplesPerEpoch, augmentation, validationLimit, group } = options;
  const shard = { rank: group?.rank ?? 0, worldSize: group?.size ?? 1 };
  const training = new TrainingBatches({
    store: corpus.train,
    samples,
    seed,
    samplesPerEpoch,
    augmentation,
    shard,
  });
  const validation = new ValidationBatches({
    store: corpus.validation,
    samples,
    limit: validationLimit,
    shard,
  });
  const recordingsPerStep = options.batchSize * options.accumulate * shard.worldSize;
  if (recordingsPerStep > samplesPerEpoch) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `train options: an update takes ${recordingsPerStep} recordings (batchSize · accumulate · processes), but an epoch has ${samplesPerEpoch}. Make batchSize smaller or samplesPerEpoch larger.`,
      { field: 'batchSize' },
    );
  }
  const stepsPerEpoch = training.batchesPerEpoch(recordingsPerStep);
  return {
    model,
    corpus,
    options,
    training,
    validation,
    recordingsPerStep,
    stepsPerEpoch,
    rank: shard.rank,
  };
}

/**
 * @throws FewSoundError INVALID_ARGUMENT for a loss that cannot be computed, or is nothing in some
 *   epoch
 */
function requireUsefulLoss(samples: number, { loss, lossRamps, epochs }: ResolvedTrain): void {
  const ends = [1, epochs].map((epoch) => lossInEpoch(loss, lossRamps, epoch));
  if (ends.some(({ time, mel, emphasized, stft }) => time + mel + emphasized + stft === 0)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'train options: lossRamps leave no weight above 0 in the first or the last epoch: there is nothing to learn. Keep time, mel, emphasized or stft above 0.',
      { field: 'lossRamps' },
    );
  }
  // Frames are padded by reflection, which takes more samples than half a frame has.
  const longest = longestFrame(loss, ends);
  const needed = Math.floor(longest / 2) + 1;
  if (samples >= needed) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `train options: the loss with an FFT size of ${longest} needs recordings of ${needed} samples or more, but the model's have ${samples}. Take smaller loss.fftSizes, or a model of more samples.`,
    { field: 'loss.fftSizes' },
  );
}

/**
 * Epochs as far as weights of the loss are on their way: validations take those of the last one, and
 * must not be compared with others.
 */
function epochsOfRamps({ lossRamps, epochs }: ResolvedTrain): { epochs?: number } {
  const lengths = Object.values(lossRamps).flatMap((ramp) => ramp?.epochs ?? []);
  return lengths.length === 0 ? {} : { epochs: Math.min(epochs, Math.max(...lengths) + 1) };
}

/** Everything that decides the course of a training: what one that goes on must have alike. */
export function courseOf({ model, corpus, options, recordingsPerStep }: TrainingSetup) {
  const { epochs, samplesPerEpoch } = options;
  const { schedule, stepPer, loss, lossRamps, precision, seed, augmentation } = options;
  // The seed of the first weights has no part in what follows: a checkpoint brings the weights.
  const { device: _, seed: __, ...architecture } = model.options;
  return {
    version: courseVersion,
    model: { kind: model.kind, ...architecture },
    // The recordings, and what the preparation made of them.
    corpus: {
      corpus: corpus.corpus,
      digest: corpus.sourceDigest,
      sampleRate: corpus.sampleRate,
      segmentSamples: corpus.segmentSamples,
      skipSeconds: corpus.skipSeconds,
      segments: corpus.train.length,
      validationSegments: corpus.validation.length,
    },
    samplesPerEpoch,
    recordingsPerStep,
    ...optimizerOf(options),
    schedule,
    // A constant rate does not know how long the training is: it may go on further.
    ...(schedule.kind !== 'constant' ? { epochs } : epochsOfRamps(options)),
    stepPer,
    loss,
    lossRamps,
    maxGradientNorm: options.maxGradientNorm ?? null,
    maxUpdate: options.maxUpdate || null,
    precision,
    seed,
    augmentation,
  };
}
