import { z } from 'zod';
import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import { kindsOf, type OptionFamily } from '../options.js';
import { type Device, type SafetensorsFile, scope } from '../tensor/index.js';
import type { ClassifierKind, WaveformClassifier } from './classifiers/classifier.js';
import { type ClassifierByKind, createClassifier } from './classifiers/networks.js';
import { createHyperNetwork, type FewSound, type HyperSound } from './hyper/few-sound.js';
import { HyperNetwork, type HyperNetworkKind } from './hyper/hyper-network.js';
import { checkLearnedClip, Inr, type InrKind } from './inr.js';
import {
  type FileContent,
  fileFormat,
  jsonMetadata,
  type ModelDescription,
  readFewsoundFile,
  takeTensors,
} from './model-file.js';
import { createInr, type InrByKind } from './networks.js';
import { PiecewiseInr } from './piecewise-inr.js';
import type { LearnedClip } from './time.js';

/** How to load. */
export interface LoadOptions {
  /** Where the model goes. Default 'cpu'. */
  device?: Device;
}

/** What a file can hold; `kind` tells which. */
export type LoadedModel =
  | InrByKind[InrKind]
  | PiecewiseInr
  | FewSound
  | HyperSound
  | ClassifierByKind[ClassifierKind];

type Family = Exclude<OptionFamily, 'encoder'>;

/** What files with models hold, in words and by the family of their models. */
const contents: Readonly<Record<Exclude<FileContent, 'checkpoint'>, Family>> = {
  network: 'network',
  pieces: 'network',
  hypernetwork: 'hypernetwork',
  training: 'hypernetwork',
  classifier: 'classifier',
  'classifier-training': 'classifier',
};

const words: Readonly<Record<Family, string>> = {
  network: 'a network that holds a sound',
  hypernetwork: 'a model that writes networks',
  classifier: 'a classifier of waveforms',
};

/**
 * Reads a model that `save` or a training wrote: a network, one in pieces, a hypernetwork or a
 * classifier. Nothing in the file is executed. The result's `kind` tells what it is.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is
 *   cut short or lies about itself, that fewsound did not write, or whose tensors are not those of
 *   the model that it names; DEVICE_UNAVAILABLE
 */
export async function load(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  return (await read(path, options)) as LoadedModel;
}

/**
 * The same, for a network that holds a sound, a single one or one in pieces.
 *
 * @internal
 */
export async function loadSound(
  path: string,
  options: LoadOptions = {},
): Promise<Inr | PiecewiseInr> {
  return (await read(path, options, 'network')) as Inr | PiecewiseInr;
}

/**
 * {@link load} for a model that writes networks.
 *
 * @throws FewSoundError as `load`, and FILE_FORMAT for a file that holds something else
 */
export async function loadHyperNetwork(
  path: string,
  options: LoadOptions = {},
): Promise<FewSound | HyperSound> {
  return (await read(path, options, 'hypernetwork')) as FewSound | HyperSound;
}

/**
 * {@link load} for a classifier.
 *
 * @throws FewSoundError as `load`, and FILE_FORMAT for a file that holds something else
 */
export async function loadClassifier(
  path: string,
  options: LoadOptions = {},
): Promise<WaveformClassifier> {
  return (await read(path, options, 'classifier')) as WaveformClassifier;
}

async function read(
  path: string,
  { device = 'cpu' }: LoadOptions,
  wanted?: Family,
): Promise<AnyModel | PiecewiseInr> {
  return scope(async () => {
    const file = await readFewsoundFile(path);
    const { content } = file;
    if (content === 'checkpoint') {
      throw fileFormat(
        path,
        'it is a checkpoint of a fit; go on with it by the option resume of fit',
      );
    }
    const family = contents[content];
    if (wanted !== undefined && family !== wanted) {
      throw fileFormat(
        path,
        `it holds ${words[family]}, not ${words[wanted]}; read it with load()`,
      );
    }
    if (content === 'pieces') return readPieces(path, file, device);
    const prefix = content.endsWith('training') ? 'model.' : '';
    const described = jsonMetadata(path, file, 'model');
    const model = makeModel(path, file, described, family, device, prefix);
    return orDispose(path, [model], () => {
      takeTensors(path, model, file.tensors, prefix);
      takeFacts(path, file, model, described as ModelDescription);
      return model;
    });
  });
}

type AnyModel = Inr | FewSound | HyperSound | WaveformClassifier;

/** A message to go on with in a sentence. */
const withoutStop = ({ message }: FewSoundError) => message.replace(/\.$/, '');

/** A model of the architecture that a file describes. */
function makeModel(
  path: string,
  { tensors }: SafetensorsFile,
  described: unknown,
  family: Family,
  device: Device,
  prefix = '',
): AnyModel {
  const { kind, options = {} } = (described ?? {}) as Partial<ModelDescription>;
  if (kind === undefined || !(kindsOf(family) as readonly string[]).includes(kind)) {
    throw fileFormat(path, `its metadata name a model of kind ${JSON.stringify(kind)}`);
  }
  if (typeof options !== 'object' || options === null) {
    throw fileFormat(path, 'its metadata "model" describe no model');
  }
  try {
    // Before it is made, so that a file that lies cannot ask for memory out of proportion to its
    // size. Smaller differences are named tensor by tensor when these are taken.
    const wanted = addon()
      .describeModel(kind, options)
      .reduce((sum, [, shape]) => sum + shape.reduce((size, length) => size * length, 1), 0);
    const given = [...tensors].reduce(
      (sum, [name, { size }]) => sum + (name.startsWith(prefix) ? size : 0),
      0,
    );
    if (wanted > 2 * given) {
      throw fileFormat(path, `its metadata describe a larger model than its ${given} numbers`);
    }
    return makers[family](kind, { ...options, device });
  } catch (error) {
    if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw fileFormat(path, `its metadata describe no model: ${withoutStop(error)}`, error);
  }
}

const makers: Readonly<Record<Family, (kind: string, options: object) => AnyModel>> = {
  network: (kind, options) => createInr(kind as InrKind, options),
  hypernetwork: (kind, options) => createHyperNetwork(kind as HyperNetworkKind, options),
  classifier: (kind, options) => createClassifier(kind as ClassifierKind, options),
};

/** What a file says of a model beside its architecture. */
function takeFacts(
  path: string,
  file: SafetensorsFile,
  model: AnyModel,
  { epoch, sampleRate, listening }: ModelDescription,
): void {
  if (model instanceof Inr) {
    if (file.metadata.clip !== undefined) model.clip = clipOf(path, file);
  } else if (model instanceof HyperNetwork) {
    model.epoch = epoch;
    model.sampleRate = sampleRate;
  } else if (listening !== undefined) {
    model.input = listening as NonNullable<WaveformClassifier['input']>;
  }
}

const piecesSchema = z.strictObject({
  kind: z.literal('piecewise'),
  overlap: z.number().int().min(2),
  pieces: z.array(
    z.strictObject({
      start: z.number().int().nonnegative(),
      length: z.number().int().positive(),
      model: z.unknown(),
    }),
  ),
});

function readPieces(path: string, file: SafetensorsFile, device: Device): PiecewiseInr {
  const parsed = piecesSchema.safeParse(jsonMetadata(path, file, 'model'));
  if (!parsed.success) throw fileFormat(path, 'its metadata "model" are no plan of pieces');
  const { overlap, pieces } = parsed.data;
  const clip = clipOf(path, file);
  const networks: Inr[] = [];
  return orDispose(path, networks, () => {
    for (const [index, { model }] of pieces.entries()) {
      const prefix = `pieces.${index}.`;
      const network = makeModel(path, file, model, 'network', device, prefix) as Inr;
      networks.push(network);
      takeTensors(path, network, file.tensors, prefix);
    }
    return new PiecewiseInr({ networks, pieces, overlap, clip });
  });
}

function clipOf(path: string, file: SafetensorsFile): LearnedClip {
  const clip = jsonMetadata(path, file, 'clip');
  try {
    return checkLearnedClip(clip);
  } catch (error) {
    throw fileFormat(path, `its metadata "clip" are of no use: ${(error as Error).message}`, error);
  }
}

/** Work whose models go where it fails; what their setters refuse is a fault of the file. */
function orDispose<T>(path: string, models: readonly AnyModel[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const model of models) model.dispose();
    if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw fileFormat(path, `what it says does not fit together: ${withoutStop(error)}`, error);
  }
}
