import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { placementField } from '../../audio/placement.js';
import { classSourceSchema } from '../../data/classes/class-source.js';
import type { ClassSource, LabeledClipsOptions } from '../../data/index.js';
import { readJson } from '../../files.js';
import { type ClassifierKind, classifierKinds, type HyperNetworkKind } from '../../nn/index.js';
import { defined, flag, optionsObject, parseOptions, sampleRateField } from '../../options.js';
import { packageRoot } from '../../setup/libtorch.js';
import type { ScheduleKind, TrainClassifierOptions, TrainOptions } from '../../train/index.js';
import { courseVersion, withPeakRate } from '../../train/schedule.js';
import { trainClassifierOptionNames } from '../../train/train-classifier-options.js';
import { trainOptionNames } from '../../train/train-options.js';

/** Options of a training that belong to a call of it and are not settings. */
const OF_THE_CALL = [
  ...(['folder', 'resume', 'group', 'signal'] as const),
  ...(['onProgress', 'onValidation', 'onWarning'] as const),
];

/** Options of a training as a configuration has them. */
type Settings<Options> = Omit<Options, (typeof OF_THE_CALL)[number]>;

const isSetting = (name: string) => !(OF_THE_CALL as readonly string[]).includes(name);

/** The options of a training that are settings of it, for its report. */
export function settingsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => isSetting(name)));
}

/**
 * The file of a configuration: the given one, or where there is none, that of the package, whose
 * configs/ is not below the folder of a user who has installed it.
 */
export function configurationFile(path: string): string {
  if (!path.startsWith('configs/') || existsSync(path)) return path;
  const own = join(packageRoot(), path);
  return existsSync(own) ? own : path;
}

interface Config<Kind, Options> {
  readonly version: number;
  readonly name?: string;
  readonly comment?: string;
  readonly model: { readonly kind: Kind } & Readonly<Record<string, unknown>>;
  readonly training: Settings<Options>;
}

/** Configurations without a version are of the first: see `withPeakRate`. */
const version = z
  .literal(courseVersion, {
    error: `Expected ${courseVersion}, or none for an older configuration`,
  })
  .optional();

/**
 * A training as a JSON file describes it. Only names are checked here: the model and the training
 * check the values of their options themselves.
 */
function configSchema<Parts extends z.ZodRawShape>(
  kinds: readonly string[],
  optionNames: readonly string[],
  parts: Parts,
) {
  const text = z.string({ error: 'Expected text' }).optional();
  const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(
    kinds.map((kind) => `'${kind}'`),
  );
  const settings = optionNames.filter(isSetting).map((name) => [name, z.unknown()]);
  return optionsObject({
    version,
    name: text,
    comment: text,
    model: z.looseObject(
      { kind: z.enum(kinds, { error: `Expected ${names}` }) },
      { error: `Expected an object with kind ${names} and options of that model` },
    ),
    ...parts,
    training: optionsObject(Object.fromEntries(settings) as Record<string, z.ZodUnknown>)
      .partial()
      .prefault({}),
  });
}

/** The configuration of a training of a classifier. */
export interface ClassifierConfig extends Config<ClassifierKind, TrainClassifierOptions> {
  readonly data: ClassSource;
  readonly clips: Pick<LabeledClipsOptions, 'sampleRate' | 'place' | 'normalize'>;
}

const classifierConfigSchema = configSchema(classifierKinds, trainClassifierOptionNames, {
  data: classSourceSchema,
  clips: optionsObject({
    sampleRate: sampleRateField,
    place: placementField,
    normalize: flag,
  })
    .partial()
    .prefault({}),
});

/**
 * Reads a configuration and makes the changes; its folder becomes an absolute path.
 *
 * @param hint a sentence: what to do where there is no such file
 * @param changes what the command line sets in place of what the configuration says
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line; INVALID_ARGUMENT naming the
 *   field, its value and what was expected
 */
export async function readClassifierConfig(
  path: string,
  hint: string,
  { folder, ...training }: { folder?: string; epochs?: number; threads?: number },
): Promise<ClassifierConfig> {
  const value = await readJson(path, { missing: hint });
  const config = ofThisVersion(
    parseOptions(classifierConfigSchema, value, path) as unknown as ClassifierConfig,
    'constant',
  );
  return {
    ...config,
    data: {
      ...{ ...config.data, folder: resolve(folder ?? config.data.folder) },
      // Resumed from another folder the files are where they were.
      ...('protocol' in config.data && { protocol: resolve(config.data.protocol as string) }),
    },
    training: { ...config.training, ...defined(training) },
  };
}

/** A configuration with the learning rate as this version means it. */
function ofThisVersion<Any extends TrainConfig | ClassifierConfig>(
  config: Any,
  usual: ScheduleKind,
): Any {
  if (config.version !== undefined) return config;
  return { ...config, version: courseVersion, training: withPeakRate(config.training, usual) };
}

/** The configuration of a training of a hypernetwork. */
export interface TrainConfig extends Config<HyperNetworkKind, TrainOptions> {
  readonly corpus?: { readonly prepared: string };
  /**
   * Weights that the encoder begins with: of a Whisper, a file or the name of one that was set up;
   * of a posteriorgram, a file.
   */
  readonly encoderWeights?: string;
}

/** A configuration that names its corpus. */
export type CompleteConfig = TrainConfig & { readonly corpus: { readonly prepared: string } };

const preparedError = 'Expected the path of a folder that `fewsound prepare` made';

/** Kinds of models that a configuration can name. */
const kinds = ['fewsound', 'hypersound'] as const satisfies readonly HyperNetworkKind[];

const trainConfigSchema = configSchema(kinds, trainOptionNames, {
  corpus: optionsObject({
    prepared: z.string({ error: preparedError }).min(1, { error: preparedError }),
  }).optional(),
  encoderWeights: z
    .string({ error: 'Expected a file with weights of the encoder, or the name of a Whisper' })
    .optional(),
});

/**
 * Reads a configuration.
 *
 * @param hint a sentence: what to do where there is no such file
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line; INVALID_ARGUMENT naming the
 *   field, its value and what was expected
 */
export async function readTrainConfig(path: string, hint: string): Promise<TrainConfig> {
  const value = await readJson(path, { missing: hint });
  const config = parseOptions(trainConfigSchema, value, path) as unknown as TrainConfig;
  return ofThisVersion(config, 'oneCycle');
}

/**
 * A configuration with the changes made, and the absolute paths of its files.
 *
 * @param changes what the command line sets in place of what the configuration says
 * @throws FewSoundError INVALID_ARGUMENT where no corpus is named
 */
export function changedConfig(
  path: string,
  config: TrainConfig,
  {
    corpus,
    encoderWeights = config.encoderWeights,
    ...training
  }: {
    corpus?: string;
    encoderWeights?: string;
    epochs?: number;
    threads?: number;
    precision?: 'float32' | 'bfloat16';
  },
): CompleteConfig {
  const named = parseOptions(
    z.string({ error: `${preparedError}; name one there, or give --corpus DIR` }),
    corpus ?? config.corpus?.prepared,
    `${path}: corpus.prepared`,
  );
  return {
    ...config,
    corpus: { prepared: resolve(named) },
    // The name of a Whisper that was set up is no path.
    ...(encoderWeights !== undefined && {
      encoderWeights: existsSync(encoderWeights) ? resolve(encoderWeights) : encoderWeights,
    }),
    training: { ...config.training, ...defined(training) },
  };
}
