import { resolve } from 'node:path';
import { z } from 'zod';
import { placementField } from '../audio/placement.js';
import { classSourceSchema } from '../data/classes/class-source.js';
import type { ClassSource, LabelledClipsOptions } from '../data/index.js';
import { flag, optionsObject, sampleRateField } from '../native/option-fields.js';
import { parseOptions } from '../native/options.js';
import { type ClassifierKind, classifierKinds } from '../nn/index.js';
import type { TrainClassifierOptions } from '../train/index.js';
import { readJsonFile } from './json-file.js';
import type { ClassifierChanges } from './train-classifier-command.js';

/** Options of `trainClassifier` that belong to a run and not to what is to be trained. */
type OfTheRun = 'folder' | 'resume' | 'onProgress' | 'onValidation' | 'signal';

/** Options of `trainClassifier` as a configuration has them. */
export type ClassifierTrainingOptions = Omit<TrainClassifierOptions, OfTheRun>;

// A record, so that an option that `trainClassifier` gains is missed here at once.
const trainingFields: Record<keyof ClassifierTrainingOptions, z.ZodType> = {
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

/** A training of a classifier as a JSON file describes it. What the options may be is for model and training to say. */
const schema = optionsObject({
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
  training: optionsObject(trainingFields).partial().prefault({}),
});

/** The contents of a configuration. */
export interface ClassifierConfig {
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
  const config = parseOptions(schema, await readJsonFile(path, hint), path) as ClassifierConfig;
  return {
    ...config,
    data: { ...config.data, folder: resolve(folder ?? config.data.folder) },
    training: { ...config.training, ...training },
  };
}
