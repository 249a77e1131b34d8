import { z } from 'zod';
import { type ClassSplit, LabeledClips, stratifiedSplit } from '../data/index.js';
import { FewSoundError } from '../errors.js';
import { WaveformClassifier } from '../nn/index.js';
import type { FitFields, Schedule } from '../options.generated.js';
import {
  abortSignal,
  callback,
  flag,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../options.js';
import type { ClassifierEvaluation } from './evaluate-classifier.js';
import { threadsField } from './fit-options.js';
import { type AdamWOptions, adamWFields, optimizerOf } from './optimizer.js';
import { courseVersion, peakFrom, type ScheduleKind, scheduleSchema } from './schedule.js';
import type { TrainProgress } from './training-run.js';

/** The validation at the end of an epoch. */
export interface ClassifierValidation extends ClassifierEvaluation {
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the validation alone. */
  readonly seconds: number;
  /** Whether none before had a higher accuracy, or the same with a lower loss. */
  readonly best: boolean;
}

/** Which weights are kept after every epoch, for watching them change. */
export const epochWeights = ['none', 'convolutions', 'all'] as const;
export type EpochWeights = (typeof epochWeights)[number];

/** Options of `trainClassifier`. */
export interface TrainClassifierOptions extends AdamWOptions, Pick<FitFields, 'threads'> {
  /**
   * Folder of the run: config.json, metrics.jsonl, checkpoints/ (last and best), epochs/,
   * test.json, TensorBoard's events.
   */
  folder: string;
  /** Default 100 (paper 2, section 3). */
  epochs?: number;
  /** Recordings of an update, 2 or more. Default 32. */
  batchSize?: number;
  /**
   * The highest rate of the schedule. Default 1e-3 (paper 2, section 3); with one cycle, which
   * begins at a `divFactor`-th of it, 1e-3 · `divFactor`.
   */
  learningRate?: number;
  /** How the rate changes over the updates. Default 'constant'. */
  schedule?: ScheduleKind | Schedule;
  /** Decoupled weight decay. Default 0: Adam. */
  weightDecay?: number;
  /** Gradients are scaled down to this norm. Default: they are not. */
  maxGradientNorm?: number;
  /**
   * Recordings are moved by up to so many samples either way, each time anew; the clips' margin at
   * most. Default 0.
   */
  shift?: number;
  /** Parts of every class for validation and for test. Default 0.2 each (paper 2, section 3). */
  split?: { validation?: number; test?: number };
  /** Seed of the split, the order, the moves and the dropout. Default 0. */
  seed?: number;
  /**
   * Weights that epochs/epoch-0000.safetensors (before training) and those after it keep. Default
   * 'convolutions': small, and what geometry is computed from.
   */
  epochWeights?: EpochWeights;
  /** Updates between two checkpoints. Default: one at the end of every epoch. */
  checkpointEvery?: number;
  /** Go on from the last checkpoint in the folder. Default false. */
  resume?: boolean;
  /** Called after every update. An error that it throws ends the training. */
  onProgress?: (progress: TrainProgress) => void;
  /**
   * Called after every epoch; the model may be looked at meanwhile. An error that it throws ends
   * the training.
   */
  onValidation?: (result: ClassifierValidation) => void | Promise<void>;
  /** Stops after the update at work, with a checkpoint. */
  signal?: AbortSignal;
}

const fractionError = 'Expected a number above 0 and below 1';
const fraction = z.number({ error: fractionError }).gt(0, { error: fractionError }).lt(1, {
  error: fractionError,
});

const schema = optionsObject({
  folder: z.string({ error: 'Expected the path of a folder' }).min(1, {
    error: 'Expected the path of a folder',
  }),
  epochs: wholeNumber(1, 10_000_000).default(100),
  batchSize: wholeNumber(2, 65_536).default(32),
  ...adamWFields,
  weightDecay: adamWFields.weightDecay.default(0),
  schedule: scheduleSchema.prefault('constant'),
  maxGradientNorm: positiveNumber.optional(),
  shift: wholeNumber(0, 2 ** 24).default(0),
  split: optionsObject({
    validation: fraction.default(0.2),
    test: fraction.default(0.2),
  })
    .refine(({ validation, test }) => validation + test < 1, {
      error: 'Expected validation and test to leave something to learn from: less than 1 together',
    })
    .prefault({}),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  threads: threadsField,
  epochWeights: z
    .enum(epochWeights, { error: "Expected 'none', 'convolutions' or 'all'" })
    .default('convolutions'),
  checkpointEvery: wholeNumber(1, 2 ** 31 - 1).optional(),
  resume: flag.default(false),
  onProgress: callback<(progress: TrainProgress) => void>().optional(),
  onValidation: callback<(result: ClassifierValidation) => void | Promise<void>>().optional(),
  signal: abortSignal.optional(),
}).transform(({ learningRate, ...options }) => ({
  ...options,
  learningRate: learningRate ?? peakFrom(1e-3, options.schedule),
}));

/** Names of the options of `trainClassifier`. */
export const trainClassifierOptionNames = Object.keys(schema.in.shape);

/** Options with every default filled in. */
export type ResolvedTrainClassifier = z.output<typeof schema>;

/** What a training works on, checked. */
export interface ClassifierSetup {
  readonly model: WaveformClassifier;
  readonly clips: LabeledClips;
  readonly options: ResolvedTrainClassifier;
  readonly split: ClassSplit;
  readonly stepsPerEpoch: number;
}

/**
 * Checks options against a model and clips; touches neither.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected
 */
export function setUpClassifier(
  model: WaveformClassifier,
  clips: LabeledClips,
  given: TrainClassifierOptions,
): ClassifierSetup {
  if (!(model instanceof WaveformClassifier)) {
    throw invalid('model', 'the first argument is no classifier, such as a SegmentalCnn.');
  }
  if (!(clips instanceof LabeledClips)) {
    throw invalid('clips', 'the second argument are no clips; read them by LabeledClips.load.');
  }
  const options = parseOptions(schema, given, 'trainClassifier options');
  const { samples, margin } = clips.options;
  if (samples !== model.samples) {
    const text = `the model hears ${model.samples} samples, but the clips have ${samples}; make both the same.`;
    throw invalid('samples', text);
  }
  if (clips.labels.length !== model.classes) {
    const text = `the model tells ${model.classes} classes apart, but the clips are of ${clips.labels.length}; give the model classes: ${clips.labels.length}.`;
    throw invalid('classes', text);
  }
  if (options.shift > margin) {
    const text = `shift is ${options.shift}, but the clips keep a margin of ${margin} samples; read them with margin: ${options.shift}.`;
    throw invalid('shift', text);
  }
  const split = stratifiedSplit(clips.classes, clips.labels, options.split, options.seed);
  if (options.batchSize > split.train.length) {
    const text = `batchSize is ${options.batchSize}, but there are ${split.train.length} recordings to learn from; make it smaller.`;
    throw invalid('batchSize', text);
  }
  const stepsPerEpoch = Math.floor(split.train.length / options.batchSize);
  return { model, clips, options, split, stepsPerEpoch };
}

function invalid(field: string, text: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', `trainClassifier: ${text}`, { field });
}

/** Everything that decides the course of a training: what one that goes on must have alike. */
export function classifierCourse({ model, clips, options }: ClassifierSetup): object {
  // The seed of the first weights has no part in what follows: a checkpoint brings the weights.
  const { device: _, seed: __, ...architecture } = model.options;
  const { epochs, batchSize, schedule } = options;
  return {
    version: courseVersion,
    model: { kind: model.kind, ...architecture },
    clips: clips.digest(),
    batchSize,
    ...optimizerOf(options),
    schedule,
    // A constant rate does not know how long the training is: it may go on further.
    ...(schedule.kind !== 'constant' && { epochs }),
    maxGradientNorm: options.maxGradientNorm ?? null,
    shift: options.shift,
    split: options.split,
    seed: options.seed,
  };
}
