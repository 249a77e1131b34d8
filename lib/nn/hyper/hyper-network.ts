import type { z } from 'zod';
import { addon } from '../../addon/addon.js';
import type { HyperModelHandle } from '../../addon/models.js';
import { FewSoundError } from '../../errors.js';
import { parseOptions } from '../../options.js';
import {
  type Device,
  handleOf,
  ops,
  ownTensor,
  scope,
  type Tensor,
  wrapTensor,
} from '../../tensor/index.js';
import type { WeightSlot } from '../inr.js';
import { copyState, type NamedTensors } from '../model.js';
import { saveHyperNetwork } from '../model-file.js';
import { timeAxis } from '../time.js';
import {
  type HyperNetworkOptions,
  type ResolvedTarget,
  resolveTarget,
  type TargetOptions,
} from './hyper-options.js';

export type HyperNetworkKind = 'fewsound' | 'hypersound';

/** Options with all their values. */
export type ResolvedHyperOptions = {
  readonly [Name in keyof Required<HyperNetworkOptions>]: Required<HyperNetworkOptions>[Name];
} & { readonly universalKernel?: number; readonly universalConvolutions?: number };

/** A weight that the model writes, and where it begins in the vector of all of them. */
export interface WrittenSlot extends WeightSlot {
  readonly offset: number;
}

/** How a model is asked. */
export interface AskOptions {
  /**
   * Part f of the update that is made, θ' = θ + f·H(z). Default: as the model was trained
   * ({@link HyperNetwork.updateFactor}). Of no effect without universal weights.
   */
  factor?: number;
}

/**
 * A model that hears a recording and writes, in one pass, the weights of a network that reproduces it
 * (paper 1, section 3).
 *
 * It owns memory outside JavaScript's heap: `dispose()` frees it at once, the collector at last.
 */
export abstract class HyperNetwork {
  abstract readonly kind: HyperNetworkKind;
  /** @internal */
  readonly handle: HyperModelHandle;
  readonly options: ResolvedHyperOptions;
  #tensors: Map<string, Tensor> | undefined;
  #epoch: number | undefined;
  #sampleRate: number | undefined;

  /** @internal */
  protected constructor(
    name: string,
    schema: z.ZodType,
    options: object,
    universal: (resolved: ResolvedHyperOptions) => { kernel: number; convolutions: number } | null,
  ) {
    const given = parseOptions(schema, options, `${name} options`) as ResolvedHyperOptions;
    const seed = given.seed ?? scope(() => ops.randint(0, 2 ** 31, [1]).item());
    const { target, native }: ResolvedTarget = resolveTarget(
      given.target as TargetOptions,
      seed,
      given.dtype,
    );
    this.options = Object.freeze({ ...given, seed, target });
    const universalOptions = universal(this.options);
    const { samples, hidden, mode, sharedLayers, sharedEncoding, dtype, device } = this.options;
    this.handle = addon().createHyperModel({
      seed,
      dtype,
      samples,
      hidden,
      mode,
      sharedLayers,
      sharedEncoding,
      encoder: this.options.encoder as Required<ResolvedHyperOptions['encoder']>,
      target: native,
      hasUniversal: universalOptions !== null,
      universal: universalOptions ?? { kernel: 1, convolutions: 0 },
    });
    if (device !== 'cpu') {
      try {
        addon().moveHyperModel(this.handle, device, dtype);
      } catch (error) {
        addon().disposeHyperModel(this.handle);
        throw error;
      }
    }
  }

  /** Epochs of the warm-up of f; 0 where there is none. */
  abstract get warmupEpochs(): number;

  get device(): Device {
    return this.options.device;
  }

  get dtype(): 'float32' | 'float64' {
    return this.options.dtype;
  }

  /** The last epoch that it was trained in, counted from 1; undefined for one that `train` never had. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  set epoch(epoch: number | undefined) {
    if (epoch !== undefined && !(Number.isInteger(epoch) && epoch >= 0)) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `epoch is ${String(epoch)}; expected a whole number, 0 or more.`,
        { field: 'epoch' },
      );
    }
    this.#epoch = epoch;
  }

  /** Samples per second of the recordings that it was trained on, Hz; undefined for one that `train` never had. */
  get sampleRate(): number | undefined {
    return this.#sampleRate;
  }

  set sampleRate(sampleRate: number | undefined) {
    if (sampleRate !== undefined && !(Number.isInteger(sampleRate) && sampleRate >= 1)) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `sampleRate is ${String(sampleRate)}; expected whole Hz, 1 or more.`,
        { field: 'sampleRate' },
      );
    }
    this.#sampleRate = sampleRate;
  }

  /** f = min(1, epoch / warmupEpochs), SPEC "FewSound"; 1 for a model that `train` never had. */
  get updateFactor(): number {
    return this.factorAt(this.#epoch ?? Number.POSITIVE_INFINITY);
  }

  /** f in an epoch, counted from 1. */
  factorAt(epoch: number): number {
    return this.warmupEpochs === 0 ? 1 : Math.min(1, epoch / this.warmupEpochs);
  }

  /** Learnable numbers. */
  get parameterCount(): number {
    let count = 0;
    for (const tensor of this.parameters().values()) count += tensor.size;
    return count;
  }

  /** Learnable numbers of each part: encoder, universal weights with their encoder, hypernetwork, target. */
  parameterCounts(): Record<'encoder' | 'universal' | 'writer' | 'target', number> {
    const counts = { encoder: 0, universal: 0, writer: 0, target: 0 };
    for (const [name, { size }] of this.parameters()) {
      counts[name.split('.', 1)[0] as keyof typeof counts] += size;
    }
    return counts;
  }

  /** The learnable tensors by name. They are the model's own, and go with it. */
  parameters(): Map<string, Tensor> {
    this.#tensors ??= new Map(
      addon()
        .hyperModelTensors(this.handle)
        .map(([name, handle]) => [name, ownTensor(handle)]),
    );
    return new Map(this.#tensors);
  }

  /** The weights that it writes for a recording, in the order of their vector. */
  writtenLayout(): WrittenSlot[] {
    return addon().hyperModelLayout(this.handle);
  }

  /**
   * Codes of recordings: [E(x), G(θ)] for FewSound, E(x) for HyperSound.
   *
   * @param audio [batch, samples], peak-normalised
   * @returns [batch, width]
   */
  codes(audio: Tensor): Tensor {
    return wrapTensor(addon().hyperModelCodes(this.handle, this.#recordings(audio)));
  }

  /**
   * The written weights of recordings, as vectors in the order of {@link writtenLayout}.
   *
   * @param audio [batch, samples], peak-normalised
   * @returns [batch, numbers]
   */
  write(audio: Tensor, { factor = this.updateFactor }: AskOptions = {}): Tensor {
    return wrapTensor(addon().hyperModelVectors(this.handle, this.#recordings(audio), factor));
  }

  /** @internal The same on a thread of its own, without gradients. */
  async ask(audio: Tensor, factor: number): Promise<Tensor> {
    const recordings = this.#recordings(audio);
    return wrapTensor(await addon().askHyperModel(this.handle, recordings, factor));
  }

  /**
   * All that the target computes with, by name: the written weights as the mode has them, and the
   * shared ones.
   *
   * @param vectors [batch, numbers], from {@link write}
   * @returns [batch, …shape] each
   */
  weights(vectors: Tensor): Map<string, Tensor> {
    return new Map(
      Object.entries(addon().hyperModelWeights(this.handle, handleOf(vectors))).map(
        ([name, handle]) => [name, wrapTensor(handle)],
      ),
    );
  }

  /**
   * The reconstructions of recordings, differentiable.
   *
   * @param audio [batch, samples], peak-normalised, of the model's dtype and device
   * @param t times [n, 1] in [-1, 1]. Default: those of the recordings' samples
   * @returns [batch, n]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT
   */
  forward(audio: Tensor, t?: Tensor, { factor = this.updateFactor }: AskOptions = {}): Tensor {
    const recordings = this.#recordings(audio);
    const compute = (times: Tensor) =>
      wrapTensor(addon().hyperModelForward(this.handle, recordings, handleOf(times), factor));
    if (t !== undefined) {
      this.#requireDtype('t', t);
      if (t.shape.length === 2 && t.shape[1] === 1) return compute(t);
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `${this.kind}: t has shape [${t.shape.join(', ')}]; expected [n, 1].`,
        { shapes: [[...t.shape]], field: 't' },
      );
    }
    const { samples, dtype, device } = this.options;
    return scope(() => compute(timeAxis(samples, { dtype, device })));
  }

  /**
   * Copies values into the model. All are checked before one is changed.
   *
   * @param state a tensor for every name of `parameters()`, of its shape and dtype
   * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH, DTYPE_MISMATCH
   */
  loadStateDict(state: NamedTensors): void {
    copyState(this.parameters(), state, `${this.kind} model`);
  }

  /**
   * Writes the model to a safetensors file, atomically, with its architecture and epoch in the metadata:
   * `loadHyperNetwork(path)` needs nothing else.
   *
   * @throws FewSoundError IO
   */
  async save(path: string): Promise<void> {
    await saveHyperNetwork(path, this);
  }

  /** Frees the model now. A second time does nothing. */
  dispose(): void {
    addon().disposeHyperModel(this.handle);
    for (const tensor of this.#tensors?.values() ?? []) tensor.dispose();
    this.#tensors = undefined;
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The handle of recordings [batch, samples] that fit. */
  #recordings(audio: Tensor) {
    const handle = handleOf(audio);
    const { samples } = this.options;
    const { shape } = audio;
    if (shape.length !== 2 || shape[1] !== samples || shape[0] === 0) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `${this.kind}: the recordings have shape [${shape.join(', ')}]; expected [batch, ${samples}].`,
        { shapes: [[...shape]], field: 'audio' },
      );
    }
    this.#requireDtype('audio', audio);
    return handle;
  }

  #requireDtype(field: string, tensor: Tensor): void {
    handleOf(tensor);
    if (tensor.dtype === this.dtype) return;
    throw new FewSoundError(
      'DTYPE_MISMATCH',
      `${this.kind}: ${field} is ${tensor.dtype}, but the model is ${this.dtype}.`,
      { field },
    );
  }
}
