import { resolve } from 'node:path';
import { z } from 'zod';
import { optionsObject } from '../native/option-fields.js';
import { parseOptions } from '../native/options.js';
import type { HyperNetworkKind } from '../nn/index.js';
import type { TrainOptions } from '../train/index.js';
import { readJsonFile } from './json-file.js';

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

const text = z.string({ error: 'Expected text' }).optional();
const folder = 'Expected the path of a folder that `fewsound prepare` made';

/** Kinds of models that a configuration can name. */
const kinds = ['fewsound', 'hypersound'] as const satisfies readonly HyperNetworkKind[];

/**
 * A training as a JSON file describes it. What the options of model and training may be is for the model and
 * for `train` to say.
 */
const trainConfigSchema = optionsObject({
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
  const value = await readJsonFile(path, hint);
  return parseOptions(trainConfigSchema, value, path) as TrainConfig;
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
