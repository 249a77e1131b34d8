import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { type Device, type SafetensorsFile, scope } from '../tensor/index.js';
import type { ClassifierKind, WaveformClassifier } from './classifiers/classifier.js';
import { createClassifier } from './classifiers/networks.js';
import {
  FewSound,
  type FewSoundOptions,
  HyperSound,
  type HyperSoundOptions,
} from './hyper/few-sound.js';
import type { HyperNetwork, HyperNetworkKind } from './hyper/hyper-network.js';
import type { EncoderOptions } from './hyper/hyper-options.js';
import { checkLearnedClip, type Inr } from './inr.js';
import {
  fileFormat,
  jsonMetadata,
  type ModelDescription,
  readClassifierDescription,
  readFewsoundFile,
  takeModelTensors,
  takeTensors,
} from './model-file.js';
import { createInr, isInrKind } from './networks.js';
import { PiecewiseInr } from './piecewise-inr.js';
import type { LearnedClip } from './time.js';

/** How to load. */
export interface LoadOptions {
  /** Where the network goes. Default 'cpu'. */
  device?: Device;
}

/**
 * Reads a network that `save` wrote, a single one or one in pieces. Nothing in the file is executed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is cut
 *   short or lies about itself, that fewsound did not write, or whose tensors are not those of the
 *   network that it names; DEVICE_UNAVAILABLE
 */
export async function load(path: string, options: LoadOptions = {}): Promise<Inr | PiecewiseInr> {
  const { device = 'cpu' } = options;
  return scope(async () => {
    const file = await readFewsoundFile(path);
    if (file.content === 'checkpoint') {
      throw fileFormat(
        path,
        'it is a checkpoint of a fit; go on with it by the option resume of fit',
      );
    }
    if (file.content === 'hypernetwork' || file.content === 'training') {
      throw fileFormat(path, 'it holds a model that writes networks; read it by loadHyperNetwork');
    }
    if (file.content === 'classifier' || file.content === 'classifier-training') {
      throw fileFormat(path, 'it holds a classifier of waveforms; read it by loadClassifier');
    }
    return file.content === 'pieces'
      ? readPieces(path, file, device)
      : readNetwork(path, file, device);
  });
}

function readNetwork(path: string, file: SafetensorsFile, device: Device): Inr {
  const network = makeNetwork(path, file, jsonMetadata(path, file, 'model'), device);
  return orDispose([network], () => {
    takeTensors(path, network, file.tensors);
    if (file.metadata.clip !== undefined) network.clip = clipOf(path, file);
    return network;
  });
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
  return orDispose(networks, () => {
    for (const [index, { model }] of pieces.entries()) {
      const network = makeNetwork(path, file, model, device);
      networks.push(network);
      takeTensors(path, network, file.tensors, `pieces.${index}.`);
    }
    try {
      return new PiecewiseInr({ networks, pieces, overlap, clip });
    } catch (error) {
      throw fileFormat(path, `its pieces do not fit together: ${(error as Error).message}`, error);
    }
  });
}

/** A network of the architecture that a file describes. */
export function makeNetwork(
  path: string,
  file: SafetensorsFile,
  model: unknown,
  device: Device,
): Inr {
  const { kind, options = {} } = (model ?? {}) as Partial<ModelDescription>;
  if (!isInrKind(kind)) {
    throw fileFormat(path, `its metadata name a network of kind ${JSON.stringify(kind)}`);
  }
  const elements = [...file.tensors.values()].reduce((sum, { size }) => sum + size, 0);
  if (leastWeights(options) > elements) {
    throw fileFormat(path, `its metadata describe a larger network than its ${elements} numbers`);
  }
  try {
    return createInr(kind, { ...(options as object), device });
  } catch (error) {
    if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw fileFormat(path, `its metadata describe no ${kind} network: ${error.message}`, error);
  }
}

/** A lower bound, so that a lying file cannot ask for more memory than it has bytes. */
export function leastWeights({ layers, grid }: Record<string, unknown>): number {
  if (!Array.isArray(layers)) return 0;
  const widths = [1, ...layers, 1].map(Number);
  const pairs = widths.slice(1).map((width, i) => width * (widths[i] as number));
  return pairs.reduce((sum, product) => sum + product, 0) * (grid === undefined ? 1 : Number(grid));
}

function clipOf(path: string, file: SafetensorsFile): LearnedClip {
  const clip = jsonMetadata(path, file, 'clip');
  try {
    return checkLearnedClip(clip);
  } catch (error) {
    throw fileFormat(path, `its metadata "clip" are of no use: ${(error as Error).message}`, error);
  }
}

function orDispose<T>(networks: readonly Inr[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const network of networks) network.dispose();
    throw error;
  }
}

/** What a file says of its model. */
export interface HyperNetworkDescription {
  readonly kind: unknown;
  readonly options: Record<string, unknown>;
  readonly epoch?: number;
  /** Hz */
  readonly sampleRate?: number;
}

/** @throws FewSoundError FILE_FORMAT for a file that describes no model */
export function readDescription(path: string, file: SafetensorsFile): HyperNetworkDescription {
  const model = jsonMetadata(path, file, 'model') as Partial<HyperNetworkDescription> | null;
  const { kind, options, epoch, sampleRate } = model ?? {};
  if (typeof options !== 'object' || options === null) {
    throw fileFormat(path, 'its metadata "model" describe no model');
  }
  if (epoch !== undefined && !(Number.isInteger(epoch) && epoch >= 0)) {
    throw fileFormat(path, `its metadata name the epoch ${JSON.stringify(epoch)}`);
  }
  return {
    kind,
    options,
    ...(epoch !== undefined && { epoch }),
    ...(sampleRate !== undefined && { sampleRate }),
  };
}

/** A lower bound, so that a lying file cannot ask for more memory than it has bytes. */
function leastHyperNumbers(options: Record<string, unknown>): number {
  const { samples, hidden, universalKernel, universalConvolutions } = options;
  const { channels, dimension, strides, layerNorm } = (options.encoder ?? {}) as EncoderOptions;
  const target = leastWeights((options.target ?? {}) as Record<string, unknown>);
  const blocks = Array.isArray(strides) ? strides.map(Number) : [];
  const time = blocks.reduce((length, stride) => Math.ceil(length / stride), Number(samples));
  const code = time * Number(dimension);
  const widths = Array.isArray(hidden) ? hidden.map(Number) : [];
  const convolved = Number(universalConvolutions) * (Number(universalKernel) - 1);
  const parts = [
    // The last block's units, and the norm of the first convolution.
    (Number(channels) * 2 ** (blocks.length - 1)) ** 2,
    layerNorm === false ? 0 : Number(channels) * Number(samples),
    (target - convolved) * code,
    code * (widths[0] ?? 0),
    leastWeights({ layers: widths }),
    target * (widths.at(-1) ?? 0),
  ];
  // What is no number is refused with the options.
  return Math.max(...parts.filter((part) => part > 0));
}

/** Reads a file and makes its model. */
export async function loadModelFile<Model extends HyperNetwork>(
  path: string,
  device: Device,
  make: (kind: unknown, options: object) => Model | undefined,
): Promise<Model> {
  return scope(async () => {
    const file = await readFewsoundFile(path);
    if (file.content !== 'hypernetwork' && file.content !== 'training') {
      throw fileFormat(
        path,
        `it holds a ${file.content}, no model that writes networks; read it by ${file.content.startsWith('classifier') ? 'loadClassifier' : 'load'}`,
      );
    }
    const prefix = file.content === 'training' ? 'model.' : '';
    const { kind, options, epoch, sampleRate } = readDescription(path, file);
    const numbers = [...file.tensors.values()].reduce((sum, { size }) => sum + size, 0);
    if (leastHyperNumbers(options) > numbers) {
      throw fileFormat(path, `its metadata describe a larger model than its ${numbers} numbers`);
    }
    let model: Model | undefined;
    try {
      model = make(kind, { ...options, device });
    } catch (error) {
      if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
      throw fileFormat(path, `its metadata describe no model: ${error.message}`, error);
    }
    if (model === undefined) {
      throw fileFormat(path, `its metadata name a model of kind ${JSON.stringify(kind)}`);
    }
    try {
      takeModelTensors(path, model, file.tensors, prefix);
      model.epoch = epoch;
      model.sampleRate = sampleRate;
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  });
}

/** A model by the name of its kind; undefined for no such name. */
export function createHyperNetwork(
  kind: unknown,
  options: FewSoundOptions | HyperSoundOptions,
): FewSound | HyperSound | undefined {
  const kinds: Record<HyperNetworkKind, () => FewSound | HyperSound> = {
    fewsound: () => new FewSound(options),
    hypersound: () => new HyperSound(options),
  };
  return typeof kind === 'string' && Object.hasOwn(kinds, kind)
    ? kinds[kind as HyperNetworkKind]()
    : undefined;
}

/**
 * Reads a model that `save` or a training wrote. Nothing in the file is executed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is cut
 *   short, that holds something else, or whose tensors are not those of the model that it names;
 *   DEVICE_UNAVAILABLE
 */
export async function loadHyperNetwork(
  path: string,
  { device = 'cpu' }: LoadOptions = {},
): Promise<FewSound | HyperSound> {
  return loadModelFile(path, device, createHyperNetwork);
}

/**
 * Reads a classifier that `save` or a training wrote. Nothing in the file is executed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is cut short, that holds
 *   something else, or whose tensors are not those of the model that it names; DEVICE_UNAVAILABLE
 */
export async function loadClassifier(
  path: string,
  { device = 'cpu' }: LoadOptions = {},
): Promise<WaveformClassifier> {
  return scope(async () => {
    const file = await readFewsoundFile(path);
    if (file.content !== 'classifier' && file.content !== 'classifier-training') {
      throw fileFormat(path, `it holds a ${file.content}, no classifier`);
    }
    const prefix = file.content === 'classifier-training' ? 'model.' : '';
    const { kind, options, listening } = readClassifierDescription(path, file);
    const numbers = [...file.tensors.values()].reduce((sum, { size }) => sum + size, 0);
    if (leastClassifierNumbers(options) > numbers) {
      throw fileFormat(path, `its metadata describe a larger model than its ${numbers} numbers`);
    }
    let model: WaveformClassifier | undefined;
    try {
      model = createClassifier(kind as ClassifierKind, { ...options, device });
      takeModelTensors(path, model, file.tensors, prefix);
      if (listening !== undefined) model.listening = listening as WaveformClassifier['listening'];
      return model;
    } catch (error) {
      model?.dispose();
      if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
      throw fileFormat(path, `its metadata describe no classifier: ${error.message}`, error);
    }
  });
}

/** A lower bound, so that a lying file cannot ask for more memory than it has bytes. */
function leastClassifierNumbers({
  classes,
  layers,
  hidden,
  samples,
}: Record<string, unknown>): number {
  // The last dense layer of a TSSDNet has 32 inputs.
  if (!Array.isArray(layers)) return 32 * Number(classes);
  let [channels, time, numbers] = [1, Number(samples), Number(hidden) * Number(classes)];
  for (const { kernels, filters, stride, pooling } of layers as Record<string, unknown>[]) {
    const taps = Array.isArray(kernels)
      ? kernels.reduce((sum, width) => sum + Number(width), 0)
      : 0;
    numbers += channels * Number(filters) * taps;
    channels = Number(filters) * (Array.isArray(kernels) ? kernels.length : 0);
    time = Math.floor(Math.ceil(time / Number(stride)) / Number(pooling));
  }
  // What is no number is refused with the options.
  return numbers + channels * time * Number(hidden);
}
