import { FewSoundError } from '../errors.js';
import {
  contentOf,
  type FileContent,
  format,
  formatVersion,
  jsonOf,
} from '../player/file-format.js';
import {
  type Device,
  readSafetensors,
  type SafetensorsFile,
  scope,
  type Tensor,
  writeSafetensors,
} from '../tensor/index.js';

export type { FileContent };

const reserved = ['format', 'formatVersion', 'content', 'model', 'clip'];

/** The architecture of a model as files keep it, with what it knows of its training. */
export interface ModelDescription {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Of hypernetworks. */
  readonly epoch?: number;
  /** Hz */
  readonly sampleRate?: number;
  /** Of classifiers. */
  readonly listening?: object;
}

/** What a file keeps of a model. */
export interface StoredModel {
  readonly kind: string;
  readonly device: Device;
  describe(): ModelDescription;
  fileNotes(): Record<string, string>;
  stateDict(): ReadonlyMap<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}

/**
 * A model's tensors as files have them: a complex one as pairs (real, imaginary) on a last axis,
 * which every reader of the format knows. Views, to be made in a scope.
 */
export function fileTensors(
  model: Pick<StoredModel, 'stateDict'>,
  prefix = '',
): [name: string, tensor: Tensor][] {
  return [...model.stateDict()].map(([name, tensor]) => [
    prefix + name,
    isComplex(tensor) ? tensor.detach().viewAsReal() : tensor,
  ]);
}

/**
 * Copies a file's tensors of one prefix into a model of the described architecture.
 *
 * @throws FewSoundError FILE_FORMAT naming the tensor that is missing, unknown, or of another shape
 *   or dtype
 */
export function takeTensors(
  path: string,
  model: Pick<StoredModel, 'kind' | 'device' | 'stateDict' | 'loadStateDict'>,
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): void {
  scope(() => {
    const own = model.stateDict();
    const state = new Map<string, Tensor>();
    for (const [fileName, tensor] of tensors) {
      if (!fileName.startsWith(prefix)) continue;
      const name = fileName.slice(prefix.length);
      const target = own.get(name);
      const pairs =
        target !== undefined &&
        isComplex(target) &&
        !isComplex(tensor) &&
        tensor.shape.at(-1) === 2;
      state.set(name, moved(pairs ? tensor.viewAsComplex() : tensor, model));
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
  model: Pick<StoredModel, 'loadStateDict'>,
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

/** Writes a model, see `Model.save`. */
export async function saveModel(
  path: string,
  content: FileContent,
  model: StoredModel,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  requirePath(path);
  requireFreeNames(metadata);
  await scope(() =>
    writeSafetensors(path, new Map(fileTensors(model)), {
      ...fileMetadata(content, model.describe(), undefined),
      ...model.fileNotes(),
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
  const content = contentOf(file.metadata, (problem) => fileFormat(path, problem));
  return { ...file, content };
}

/**
 * JSON of a file's metadata.
 *
 * @throws FewSoundError FILE_FORMAT where it is missing or no JSON
 */
export function jsonMetadata(path: string, { metadata }: SafetensorsFile, name: string): unknown {
  return jsonOf(metadata, name, (problem) => fileFormat(path, problem));
}

/** A fault of a file. */
export function fileFormat(path: string, problem: string, cause?: unknown): FewSoundError {
  const field = cause instanceof FewSoundError ? cause.field : undefined;
  return new FewSoundError('FILE_FORMAT', `${path}: ${problem}.`, {
    ...(cause !== undefined && { cause }),
    ...(field !== undefined && { field }),
  });
}
