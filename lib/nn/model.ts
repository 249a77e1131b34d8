import { types } from 'node:util';
import { addon } from '../addon/addon.js';
import type { ModelHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import type { ModelOptions } from '../options.generated.js';
import {
  kindSchema,
  type OptionFamily,
  parseOptions,
  placeSchema,
  type Resolved,
} from '../options.js';
import { type Device, noGrad, ops, scope, type Tensor } from '../tensor/index.js';
import { handleOf, ownTensor } from '../tensor/tensor.js';
import { type FileContent, type ModelDescription, saveModel } from './model-file.js';

export type { ModelOptions };

/** Which models there are, in files and in the table of options. */
type Family = FileContent & OptionFamily;

/**
 * What learns: a network that holds a sound, one that writes such networks, a classifier.
 *
 * It owns memory outside JavaScript's heap: `dispose()` frees it at once, the collector at last.
 */
export abstract class Model<Options extends ModelOptions = ModelOptions> {
  abstract readonly kind: string;
  /** @internal */
  readonly handle: ModelHandle;
  readonly #family: Family;
  #options: Resolved<Options>;
  #tensors: { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } | undefined;

  /** @internal */
  protected constructor(family: Family, kind: string, options: Options) {
    const given = parseOptions(kindSchema(family, kind), options, `${kind} options`) as Options;
    this.#family = family;
    this.#options = frozen({ ...given, seed: given.seed ?? drawSeed() } as Resolved<Options>);
    this.handle = addon().createModel(kind, this.#options);
  }

  /** Everything that makes this model again, initial weights included. */
  get options(): Resolved<Options> {
    return this.#options;
  }

  get device(): Device {
    return this.#options.device as Device;
  }

  get dtype(): 'float32' | 'float64' {
    return this.#options.dtype as 'float32' | 'float64';
  }

  /** Learnable numbers as the paper counts them: a complex one is one. */
  get parameterCount(): number {
    return addon().modelParameterCount(this.handle);
  }

  /**
   * The learnable tensors by name. They are the model's own: what is written into them is what it
   * computes with, and they go with it.
   */
  parameters(): Map<string, Tensor> {
    return new Map(this.#own().parameters);
  }

  /**
   * Parameters and what is fixed beside them (frequencies, ω, running statistics): the model's own,
   * by name.
   */
  stateDict(): Map<string, Tensor> {
    const { parameters, buffers } = this.#own();
    return new Map([...parameters, ...buffers]);
  }

  /**
   * Copies values into the model. All are checked before one is changed.
   *
   * @param state a tensor for every name of `stateDict()`, of its shape and dtype
   * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH,
   *   DTYPE_MISMATCH
   */
  loadStateDict(state: NamedTensors): void {
    copyState(this.stateDict(), state, `${this.kind} model`);
  }

  /**
   * Moves the model to a device or another dtype. Its tensors stay the same objects; gradients are
   * lost.
   *
   * @throws FewSoundError DEVICE_UNAVAILABLE, INVALID_ARGUMENT
   */
  to(target: { device?: Device; dtype?: 'float32' | 'float64' }): this {
    const place = parseOptions(placeSchema, target, 'to') as typeof target;
    const { dtype = this.dtype, device = this.device } = place;
    addon().moveModel(this.handle, device, dtype);
    this.#options = Object.freeze({ ...this.#options, device, dtype }) as Resolved<Options>;
    return this;
  }

  /**
   * Writes the model to a safetensors file, atomically, with its architecture and what it knows of
   * its training in the metadata, so that `load(path)` needs nothing else. Complex weights become
   * pairs of numbers on a last axis.
   *
   * @param metadata more texts to keep in the file, by name
   * @throws FewSoundError IO, INVALID_ARGUMENT for a name of metadata that fewsound uses itself
   */
  async save(path: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    await saveModel(path, this.#family, this, metadata);
  }

  /** @internal What a file says of the model; the device belongs to the machine. */
  describe(): ModelDescription {
    const { device: _, ...options } = this.#options as Record<string, unknown>;
    return { kind: this.kind, options };
  }

  /** @internal Texts that a file has beside the description. */
  fileNotes(): Record<string, string> {
    return {};
  }

  /** Frees the model now. A second time does nothing. */
  dispose(): void {
    addon().disposeModel(this.handle);
    for (const map of Object.values(this.#tensors ?? {})) {
      for (const tensor of map.values()) tensor.dispose();
    }
    this.#tensors = undefined;
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #own(): { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } {
    const known = this.#tensors;
    if (known !== undefined && !isDisposedIn(known.parameters) && !isDisposedIn(known.buffers)) {
      return known;
    }
    const tensors = { parameters: new Map<string, Tensor>(), buffers: new Map<string, Tensor>() };
    for (const [name, handle, learnable] of addon().modelTensors(this.handle)) {
      const kind = learnable ? 'parameters' : 'buffers';
      const existing = known?.[kind].get(name);
      // Whoever disposed of one has let go of it alone; the model still computes with it.
      tensors[kind].set(name, existing?.disposed === false ? existing : ownTensor(handle));
    }
    this.#tensors = tensors;
    return tensors;
  }
}

function isDisposedIn(tensors: ReadonlyMap<string, Tensor>): boolean {
  return [...tensors.values()].some(({ disposed }) => disposed);
}

function drawSeed(): number {
  return scope(() => ops.randint(0, 2 ** 31, [1]).item());
}

/** Frozen with all that is in it. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

/**
 * The handle of recordings [batch, samples] that a model takes.
 *
 * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function recordingsFor(
  { kind, dtype }: Model,
  samples: number,
  audio: Tensor,
): ReturnType<typeof handleOf> {
  const handle = handleOf(audio);
  const { shape } = audio;
  if (shape.length !== 2 || shape[1] !== samples || shape[0] === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `${kind}: the recordings have shape [${shape.join(', ')}]; expected [batch, ${samples}].`,
      { shapes: [[...shape]], field: 'audio' },
    );
  }
  if (audio.dtype === dtype) return handle;
  throw new FewSoundError(
    'DTYPE_MISMATCH',
    `${kind}: audio is ${audio.dtype}, but the model is ${dtype}; convert it by to({ dtype }).`,
    { field: 'audio' },
  );
}

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * @throws FewSoundError INVALID_ARGUMENT for anything but tensors by name
 */
export function entriesOf(tensors: NamedTensors, field: string): [string, Tensor][] {
  if (typeof tensors !== 'object' || tensors === null) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field} is ${String(tensors)}; expected tensors by name, as an object or a Map.`,
      { field },
    );
  }
  const entries: [string, Tensor][] = types.isMap(tensors)
    ? [...(tensors as ReadonlyMap<string, Tensor>)]
    : Object.entries(tensors as Readonly<Record<string, Tensor>>);
  for (const [, tensor] of entries) handleOf(tensor);
  return entries;
}

/**
 * Copies values into tensors of their names. All are checked before one is changed.
 *
 * @param owner how errors call what the tensors belong to
 * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH,
 *   DTYPE_MISMATCH
 */
function copyState(own: ReadonlyMap<string, Tensor>, state: NamedTensors, owner: string): void {
  const given = new Map(entriesOf(state, 'state'));
  for (const name of given.keys()) {
    if (!own.has(name)) throw badState(name, `is not a tensor of this ${owner}`);
  }
  for (const [name, target] of own) {
    const source = given.get(name);
    if (source === undefined) throw badState(name, 'is missing');
    if (String(source.shape) !== String(target.shape)) {
      const shapes = [[...source.shape], [...target.shape]];
      const text = shapes.map((shape) => `[${shape.join(', ')}]`);
      throw badState(name, `has shape ${text[0]}; expected ${text[1]}`, 'SHAPE_MISMATCH', shapes);
    }
    if (source.dtype !== target.dtype) {
      throw badState(name, `is ${source.dtype}; expected ${target.dtype}`, 'DTYPE_MISMATCH');
    }
  }
  noGrad(() => {
    for (const [name, target] of own) target.copy_(given.get(name) as Tensor);
  });
}

function badState(
  name: string,
  problem: string,
  code: 'INVALID_ARGUMENT' | 'SHAPE_MISMATCH' | 'DTYPE_MISMATCH' = 'INVALID_ARGUMENT',
  shapes?: number[][],
): FewSoundError {
  return new FewSoundError(code, `state: "${name}" ${problem}.`, {
    field: name,
    ...(shapes && { shapes }),
  });
}
