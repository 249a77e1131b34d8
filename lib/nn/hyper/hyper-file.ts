import { FewSoundError } from '../../native/errors.js';
import { type Device, type SafetensorsFile, scope, writeSafetensors } from '../../tensor/index.js';
import { leastWeights } from '../load.js';
import {
  fileFormat,
  fileMetadata,
  jsonMetadata,
  readFewsoundFile,
  requirePath,
  takeModelTensors,
} from '../network-file.js';
import type { HyperNetwork } from './hyper-network.js';
import type { EncoderOptions } from './hyper-options.js';

/** The architecture of a model, how far it was trained and at which rate, as files keep it. */
export function describeHyperNetwork(model: HyperNetwork): Record<string, unknown> {
  const { device: _, ...options } = model.options;
  const { kind, epoch, sampleRate } = model;
  return {
    kind,
    options,
    ...(epoch !== undefined && { epoch }),
    ...(sampleRate !== undefined && { sampleRate }),
  };
}

/** Writes a model, see `HyperNetwork.save`. */
export async function saveHyperNetwork(path: string, model: HyperNetwork): Promise<void> {
  requirePath(path);
  await scope(() =>
    writeSafetensors(
      path,
      model.parameters(),
      fileMetadata('hypernetwork', describeHyperNetwork(model), undefined),
    ),
  );
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
function leastNumbers(options: Record<string, unknown>): number {
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
    if (leastNumbers(options) > numbers) {
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
