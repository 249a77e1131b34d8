import { resolve } from 'node:path';
import { z } from 'zod';
import { placementField } from '../../audio/placement.js';
import { classSourceSchema } from '../../data/classes/class-source.js';
import type { ClassSource, LabelledClipsOptions } from '../../data/index.js';
import { type ClassifierKind, classifierKinds, type HyperNetworkKind } from '../../nn/index.js';
import { flag, optionsObject, parseOptions, sampleRateField } from '../../options.js';
import type { ScheduleKind, TrainClassifierOptions, TrainOptions } from '../../train/index.js';
import { courseVersion, withPeakRate } from '../../train/schedule.js';
import type { ClassifierChanges } from '../commands/train-classifier.js';
import { readJsonFile } from './folder.js';

/** Options of `trainClassifier` that belong to a run and not to what is to be trained. */
type OfTheClassifierRun = 'folder' | 'resume' | 'onProgress' | 'onValidation' | 'signal';

/** Options of `trainClassifier` as a configuration has them. */
export type ClassifierTrainingOptions = Omit<TrainClassifierOptions, OfTheClassifierRun>;

// A record, so that an option that `trainClassifier` gains is missed here at once.
const classifierTrainingFields: Record<keyof ClassifierTrainingOptions, z.ZodType> = {
  epochs: z.unknown(),
  batchSize: z.unknown(),
  learningRate: z.unknown(),
  schedule: z.unknown(),
  weightDecay: z.unknown(),
  betas: z.unknown(),
  epsilon: z.unknown(),
  maxGradientNorm: z.unknown(),
  shift: z.unknown(),
  split: z.unknown(),
  seed: z.unknown(),
  threads: z.unknown(),
  epochWeights: z.unknown(),
  checkpointEvery: z.unknown(),
};

const text = z.string({ error: 'Expected text' }).optional();
const kindError = `Expected ${classifierKinds.map((kind) => `'${kind}'`).join(', ')}`;

/** Configurations without a version are of the first: see `withPeakRate`. */
const version = z
  .literal(courseVersion, {
    error: `Expected ${courseVersion}, or none for an older configuration`,
  })
  .optional();

/** A training of a classifier as a JSON file describes it. What the options may be is for model and training to say. */
const classifierConfigSchema = optionsObject({
  version,
  name: text,
  comment: text,
  model: z.looseObject(
    { kind: z.enum(classifierKinds, { error: kindError }) },
    { error: 'Expected an object with kind and options of that model' },
  ),
  data: classSourceSchema,
  clips: optionsObject({
    sampleRate: sampleRateField,
    place: placementField,
    normalize: flag,
  })
    .partial()
    .prefault({}),
  training: optionsObject(classifierTrainingFields).partial().prefault({}),
});

/** The contents of a configuration. */
export interface ClassifierConfig {
  readonly version: number;
  readonly name?: string;
  readonly comment?: string;
  readonly model: { readonly kind: ClassifierKind } & Readonly<Record<string, unknown>>;
  readonly data: ClassSource;
  readonly clips: Pick<LabelledClipsOptions, 'sampleRate' | 'place' | 'normalize'>;
  readonly training: ClassifierTrainingOptions;
}

/**
 * Reads a configuration and makes the changes; its folder becomes an absolute path.
 *
 * @param hint what to do where there is none, a sentence
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line; INVALID_ARGUMENT naming the field, its value and what was
 *   expected
 */
export async function readClassifierConfig(
  path: string,
  hint: string,
  { folder, ...training }: ClassifierChanges,
): Promise<ClassifierConfig> {
  const config = ofThisVersion(
    parseOptions(classifierConfigSchema, await readJsonFile(path, hint), path) as ClassifierConfig,
    'constant',
  );
  return {
    ...config,
    data: { ...config.data, folder: resolve(folder ?? config.data.folder) },
    training: { ...config.training, ...training },
  };
}

/** A configuration with the learning rate as this version means it. */
function ofThisVersion<Config extends TrainConfig | ClassifierConfig>(
  config: Config,
  usual: ScheduleKind,
): Config {
  if (config.version !== undefined) return config;
  return { ...config, version: courseVersion, training: withPeakRate(config.training, usual) };
}

/** Options of `train` that belong to a run and not to what is to be trained. */
type OfTheRun =
  | 'folder'
  | 'resume'
  | 'group'
  | 'onProgress'
  | 'onValidation'
  | 'onWarning'
  | 'signal';

/** Options of `train` as a configuration has them. */
export type TrainingOptions = Omit<TrainOptions, OfTheRun>;

// A record, so that an option that `train` gains is missed here at once.
const trainingFields: Record<keyof TrainingOptions, z.ZodType> = {
  epochs: z.unknown(),
  samplesPerEpoch: z.unknown(),
  batchSize: z.unknown(),
  accumulate: z.unknown(),
  learningRate: z.unknown(),
  weightDecay: z.unknown(),
  betas: z.unknown(),
  epsilon: z.unknown(),
  schedule: z.unknown(),
  stepPer: z.unknown(),
  loss: z.unknown(),
  lossRamps: z.unknown(),
  maxGradientNorm: z.unknown(),
  maxUpdate: z.unknown(),
  precision: z.unknown(),
  threads: z.unknown(),
  seed: z.unknown(),
  augmentation: z.unknown(),
  validateEvery: z.unknown(),
  validationLimit: z.unknown(),
  validationMetrics: z.unknown(),
  checkpointEvery: z.unknown(),
  prefetch: z.unknown(),
};

const folder = 'Expected the path of a folder that `fewsound prepare` made';

/** Kinds of models that a configuration can name. */
const kinds = ['fewsound', 'hypersound'] as const satisfies readonly HyperNetworkKind[];

/**
 * A training as a JSON file describes it. What the options of model and training may be is for the model and
 * for `train` to say.
 */
const trainConfigSchema = optionsObject({
  version,
  name: text,
  comment: text,
  model: z.looseObject(
    { kind: z.enum(kinds, { error: "Expected 'fewsound' or 'hypersound'" }) },
    { error: "Expected an object with kind 'fewsound' or 'hypersound' and options of that model" },
  ),
  corpus: optionsObject({
    prepared: z.string({ error: folder }).min(1, { error: folder }),
  }).optional(),
  training: optionsObject(trainingFields).partial().prefault({}),
});

/** The contents of a configuration. */
export interface TrainConfig {
  readonly version: number;
  readonly name?: string;
  readonly comment?: string;
  readonly model: { readonly kind: HyperNetworkKind } & Readonly<Record<string, unknown>>;
  readonly corpus?: { readonly prepared: string };
  readonly training: TrainingOptions;
}

/** What the command line puts in place of what a configuration says. */
export interface ConfigChanges {
  /** Folder of the prepared corpus. */
  readonly corpus?: string;
  readonly epochs?: number;
  readonly threads?: number;
  readonly precision?: 'float32' | 'bfloat16';
}

/** A configuration of which the corpus is known. */
export type CompleteConfig = TrainConfig & { readonly corpus: { readonly prepared: string } };

/**
 * Reads a configuration.
 *
 * @param hint what to do where there is none, a sentence
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line; INVALID_ARGUMENT naming the field, its
 *   value and what was expected
 */
export async function readTrainConfig(path: string, hint: string): Promise<TrainConfig> {
  const config = parseOptions(
    trainConfigSchema,
    await readJsonFile(path, hint),
    path,
  ) as TrainConfig;
  return ofThisVersion(config, 'oneCycle');
}

/**
 * A configuration with the changes made, and the absolute path of its corpus.
 *
 * @throws FewSoundError INVALID_ARGUMENT where no corpus is named
 */
export function changedConfig(
  path: string,
  config: TrainConfig,
  { corpus, ...training }: ConfigChanges,
): CompleteConfig {
  const prepared = corpus ?? config.corpus?.prepared;
  const named = parseOptions(
    z.string({ error: `${folder}; name one there, or give --corpus DIR` }),
    prepared,
    `${path}: corpus.prepared`,
  );
  return {
    ...config,
    corpus: { prepared: resolve(named) },
    training: { ...config.training, ...training },
  };
}
