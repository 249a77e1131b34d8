import { z } from 'zod';
import { FewSoundError } from '../native/errors.js';
import { type Device, type SafetensorsFile, scope } from '../tensor/index.js';
import { createInr, isInrKind } from './create-inr.js';
import { checkLearnedClip, type Inr } from './inr.js';
import {
  fileFormat,
  jsonMetadata,
  type ModelDescription,
  readFewsoundFile,
  takeTensors,
} from './network-file.js';
import { PiecewiseInr } from './piecewise-inr.js';
import type { LearnedClip } from './render-range.js';

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
