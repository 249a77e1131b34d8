import { FewSoundError } from '../errors.js';
import {
  type Device,
  readSafetensors,
  type SafetensorsFile,
  scope,
  type Tensor,
  writeSafetensors,
} from '../tensor/index.js';
import type { WaveformClassifier } from './classifiers/classifier.js';
import type { HyperNetwork } from './hyper/hyper-network.js';
import type { Inr } from './inr.js';

// Files of fewsound are safetensors files whose metadata say what they hold:
//   format         'fewsound'
//   formatVersion  '1'
//   content        what they hold, one of fileContents
//   model          JSON of the architecture: {kind, options}
//   clip           JSON {sampleRate, samples}, where a recording has been learned

/** What a file of fewsound can hold. */
export const fileContents = [
  'network',
  'pieces',
  'checkpoint',
  'hypernetwork',
  'training',
  'classifier',
  'classifier-training',
] as const;
export type FileContent = (typeof fileContents)[number];

const format = 'fewsound';
const formatVersion = '1';
const reserved = ['format', 'formatVersion', 'content', 'model', 'clip'];

/** The architecture of a network as files keep it. */
export interface ModelDescription {
  kind: string;
  options: Record<string, unknown>;
}

/** The architecture of a network; the device belongs to the machine, not to the model. */
export function describeModel(network: Inr): ModelDescription {
  const { device: _, ...options } = network.options as unknown as Record<string, unknown>;
  return { kind: network.kind, options };
}

/**
 * A network's tensors as files have them: a complex one as pairs (real, imaginary) on a last axis, which
 * every reader of the format knows. Views, to be made in a scope.
 */
export function fileTensors(network: Inr, prefix = ''): [name: string, tensor: Tensor][] {
  return [...network.stateDict()].map(([name, tensor]) => [
    prefix + name,
    isComplex(tensor) ? tensor.detach().viewAsReal() : tensor,
  ]);
}

/**
 * Copies a file's tensors into a network of the described architecture.
 *
 * @throws FewSoundError FILE_FORMAT naming the tensor that is missing, unknown, or of another shape or dtype
 */
export function takeTensors(
  path: string,
  network: Inr,
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): void {
  scope(() => {
    const state = new Map<string, Tensor>();
    const complex = new Set(
      [...network.stateDict()].filter(([, own]) => isComplex(own)).map(([name]) => name),
    );
    for (const [fileName, tensor] of tensors) {
      if (!fileName.startsWith(prefix)) continue;
      const name = fileName.slice(prefix.length);
      const pairs = complex.has(name) && !isComplex(tensor) && tensor.shape.at(-1) === 2;
      state.set(name, pairs ? tensor.viewAsComplex() : tensor);
    }
    try {
      network.loadStateDict(
        new Map([...state].map(([name, tensor]) => [name, moved(tensor, network)])),
      );
    } catch (error) {
      if (!(error instanceof FewSoundError)) throw error;
      throw new FewSoundError(
        'FILE_FORMAT',
        `${path}: it says that it holds a ${network.kind} network, but its ${error.message}`,
        { cause: error, ...(error.field !== undefined && { field: error.field }) },
      );
    }
  });
}

/** A model of another kind than networks that hold a sound: it takes all of its tensors at once, or none. */
export interface ModelOfTensors {
  readonly kind: string;
  readonly device: Device;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}

/**
 * Copies a file's tensors of one prefix into a model of the described architecture.
 *
 * @throws FewSoundError FILE_FORMAT naming the tensor that is missing, unknown, or of another shape or dtype
 */
export function takeModelTensors(
  path: string,
  model: ModelOfTensors,
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): void {
  scope(() => {
    const state = new Map<string, Tensor>();
    for (const [name, tensor] of tensors) {
      if (name.startsWith(prefix)) state.set(name.slice(prefix.length), moved(tensor, model));
    }
    loadFileTensors(
      path,
      model,
      state,
      (problem) => `it says that it holds a ${model.kind} model, but its ${problem}`,
    );
  });
}

/**
 * Loads tensors of a file.
 *
 * @param describe what is wrong with the file, by what is wrong with its tensors
 * @throws FewSoundError FILE_FORMAT
 */
export function loadFileTensors(
  path: string,
  model: ModelOfTensors,
  state: ReadonlyMap<string, Tensor>,
  describe: (problem: string) => string,
): void {
  try {
    model.loadStateDict(state);
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    throw fileFormat(path, describe(error.message.replace(/\.$/, '')), error);
  }
}

function moved(tensor: Tensor, { device }: { readonly device: Device }): Tensor {
  return device === 'cpu' ? tensor : tensor.to({ device });
}

function isComplex({ dtype }: Tensor): boolean {
  return dtype.startsWith('complex');
}

/** The metadata that every file of fewsound begins with. */
export function fileMetadata(
  content: FileContent,
  model: unknown,
  clip: unknown,
): Record<string, string> {
  return {
    format,
    formatVersion,
    content,
    model: JSON.stringify(model),
    ...(clip !== undefined && { clip: JSON.stringify(clip) }),
  };
}

/** Writes a network, see `Inr.save`. */
export async function saveNetworkFile(
  path: string,
  network: Inr,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  requirePath(path);
  requireFreeNames(metadata);
  await scope(() =>
    writeSafetensors(path, new Map(fileTensors(network)), {
      ...fileMetadata('network', describeModel(network), network.clip),
      ...metadata,
    }),
  );
}

/** @throws FewSoundError INVALID_ARGUMENT */
export function requirePath(path: string): void {
  if (typeof path === 'string' && path !== '') return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `path is ${JSON.stringify(path)}; expected the path of a file.`,
    {
      field: 'path',
    },
  );
}

/** @throws FewSoundError INVALID_ARGUMENT for a name that fewsound itself uses in files */
export function requireFreeNames(metadata: Readonly<Record<string, string>>): void {
  const taken = reserved.find((name) => name in metadata);
  if (taken === undefined) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `save: the metadata "${taken}" is fewsound's own; choose another name.`,
    { field: taken },
  );
}

/**
 * Reads a file of fewsound. The tensors belong to the scope around.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT for a file that fewsound did not write
 */
export async function readFewsoundFile(
  path: string,
): Promise<SafetensorsFile & { content: FileContent }> {
  requirePath(path);
  const file = await readSafetensors(path);
  const { metadata } = file;
  if (metadata.format !== format) {
    throw fileFormat(path, 'it is a safetensors file, but fewsound did not write it');
  }
  if (metadata.formatVersion !== formatVersion) {
    throw fileFormat(
      path,
      `it has format version ${metadata.formatVersion}; this fewsound reads version ${formatVersion}. Update fewsound`,
    );
  }
  const content = fileContents.find((known) => known === metadata.content);
  if (content === undefined) {
    throw fileFormat(
      path,
      `its content is "${metadata.content}"; expected ${fileContents.join(', ')}`,
    );
  }
  return { ...file, content };
}

/**
 * JSON of a file's metadata.
 *
 * @throws FewSoundError FILE_FORMAT where it is missing or no JSON
 */
export function jsonMetadata(path: string, { metadata }: SafetensorsFile, name: string): unknown {
  const text = metadata[name];
  if (text === undefined) throw fileFormat(path, `its metadata lack "${name}"`);
  try {
    return JSON.parse(text);
  } catch {
    throw fileFormat(path, `its metadata "${name}" are no JSON`);
  }
}

/** A fault of a file. */
export function fileFormat(path: string, problem: string, cause?: unknown): FewSoundError {
  return new FewSoundError('FILE_FORMAT', `${path}: ${problem}.`, {
    ...(cause !== undefined && { cause }),
  });
}

/** The architecture of a classifier and how it hears, as files keep it. */
export function describeClassifier(model: WaveformClassifier): Record<string, unknown> {
  const { device: _, ...options } = model.options;
  const { kind, listening } = model;
  // Beside the options, where analyses of any model look for it.
  const rate = listening && { sampleRate: listening.sampleRate, listening };
  return { kind, options, ...rate };
}

/** Writes a classifier, see `WaveformClassifier.save`. */
export async function saveClassifier(path: string, model: WaveformClassifier): Promise<void> {
  requirePath(path);
  await scope(() =>
    writeSafetensors(
      path,
      model.stateDict(),
      fileMetadata('classifier', describeClassifier(model), undefined),
    ),
  );
}

/** What a file says of its classifier. */
export interface ClassifierDescription {
  readonly kind: unknown;
  readonly options: Record<string, unknown>;
  readonly listening?: unknown;
}

/** @throws FewSoundError FILE_FORMAT for a file that describes no classifier */
export function readClassifierDescription(
  path: string,
  file: SafetensorsFile,
): ClassifierDescription {
  const model = jsonMetadata(path, file, 'model') as Partial<ClassifierDescription> | null;
  const { kind, options, listening } = model ?? {};
  if (typeof options !== 'object' || options === null) {
    throw fileFormat(path, 'its metadata "model" describe no classifier');
  }
  return { kind, options, ...(listening !== undefined && { listening }) };
}

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
