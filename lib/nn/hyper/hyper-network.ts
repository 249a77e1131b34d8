import { addon } from '../../addon/addon.js';
import type { TensorHandle } from '../../addon/tensors.js';
import { FewSoundError } from '../../errors.js';
import type { optionTables } from '../../option-tables.generated.js';
import type { Resolved } from '../../options.js';
import { scope, type Tensor } from '../../tensor/index.js';
import { handleOf, wrapTensor } from '../../tensor/tensor.js';
import type { WeightSlot } from '../inr.js';
import { Model, recordingsFor } from '../model.js';
import type { ModelDescription } from '../model-file.js';
import { timeAxis } from '../time.js';
import type { FewSoundOptions, HyperNetworkOptions } from './hyper-options.js';

export type HyperNetworkKind = keyof (typeof optionTables)['hypernetwork'];

/** Options with all their values. */
export type ResolvedHyperOptions = Resolved<HyperNetworkOptions> &
  Readonly<Pick<FewSoundOptions, 'universalKernel' | 'universalConvolutions' | 'warmupEpochs'>>;

/** A weight that the model writes, and where it begins in the vector of all of them. */
export interface WrittenSlot extends WeightSlot {
  readonly offset: number;
}

/** How a model is asked. */
export interface HyperForwardOptions {
  /**
   * Part f of the update that is made, θ' = θ + f·H(z). Default: as the model was trained
   * ({@link HyperNetwork.updateFactor}). Of no effect without universal weights.
   */
  factor?: number;
}

/**
 * A model that hears a recording and writes, in one pass, the weights of a network that reproduces
 * it (paper 1, section 3).
 */
export abstract class HyperNetwork extends Model<HyperNetworkOptions> {
  abstract override readonly kind: HyperNetworkKind;
  #epoch: number | undefined;
  #sampleRate: number | undefined;

  /** @internal */
  protected constructor(kind: HyperNetworkKind, options: HyperNetworkOptions) {
    super('hypernetwork', kind, options);
  }

  override get options(): ResolvedHyperOptions {
    return super.options;
  }

  /** Epochs of the warm-up of f; 0 where there is none. */
  get warmupEpochs(): number {
    return this.options.warmupEpochs ?? 0;
  }

  /**
   * The last epoch that it was trained in, counted from 1; undefined for one that `train` never
   * had.
   */
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

  /**
   * Samples per second of the recordings that it was trained on, Hz, or that its encoder is made
   * for; undefined where neither is known.
   */
  get sampleRate(): number | undefined {
    const { encoder } = this.options;
    return this.#sampleRate ?? ('sampleRate' in encoder ? encoder.sampleRate : undefined);
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

  /**
   * f = min(1, epoch / warmupEpochs), as in the authors' program; 1 for a model that `train` never
   * had.
   */
  get updateFactor(): number {
    return this.factorAt(this.#epoch ?? Number.POSITIVE_INFINITY);
  }

  /** f in an epoch, counted from 1. */
  factorAt(epoch: number): number {
    return this.warmupEpochs === 0 ? 1 : Math.min(1, epoch / this.warmupEpochs);
  }

  /**
   * Learnable numbers of each part: encoder, universal weights with their encoder, hypernetwork,
   * target.
   */
  parameterCounts(): Record<'encoder' | 'universal' | 'writer' | 'target', number> {
    const counts = { encoder: 0, universal: 0, writer: 0, target: 0 };
    for (const [name, { size }] of this.parameters()) {
      counts[name.split('.', 1)[0] as keyof typeof counts] += size;
    }
    return counts;
  }

  /** The weights that it writes for a recording, in the order of their vector. */
  writtenLayout(): WrittenSlot[] {
    return addon().hyperModelLayout(this.handle);
  }

  /**
   * Codes of recordings: [E(x), G(θ)] for FewSound, E(x) for HyperSound.
   *
   * @param audio [batch, samples], peak-normalized
   * @returns [batch, width]
   */
  codes(audio: Tensor): Tensor {
    return wrapTensor(
      addon().hyperModelCodes(this.handle, recordingsFor(this, this.options.samples, audio)),
    );
  }

  /**
   * What the encoder shows of recordings on the way to their codes, by name, without gradients. Of
   * `spectral`: `spectrogram` (dB) and `encoded`; `cepstra` and `posteriorgram`, in frames of their
   * own; `loudness`, `pitch` (Hz) and `aperiodicity`, as far as they are heard. Of others nothing.
   *
   * @param audio [batch, samples], peak-normalized
   * @returns [batch, frames, …] each
   */
  features(audio: Tensor): Map<string, Tensor> {
    const recordings = recordingsFor(this, this.options.samples, audio);
    return namedTensors(addon().hyperModelFeatures(this.handle, recordings));
  }

  /**
   * The written weights of recordings, as vectors in the order of {@link writtenLayout}.
   *
   * @param audio [batch, samples], peak-normalized
   * @returns [batch, numbers]
   */
  write(audio: Tensor, { factor = this.updateFactor }: HyperForwardOptions = {}): Tensor {
    return wrapTensor(
      addon().hyperModelVectors(
        this.handle,
        recordingsFor(this, this.options.samples, audio),
        factor,
      ),
    );
  }

  /** @internal The same on a thread of its own, without gradients. */
  async ask(audio: Tensor, factor: number): Promise<Tensor> {
    const recordings = recordingsFor(this, this.options.samples, audio);
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
    return namedTensors(addon().hyperModelWeights(this.handle, handleOf(vectors)));
  }

  /**
   * The reconstructions of recordings, differentiable.
   *
   * @param audio [batch, samples], peak-normalized, of the model's dtype and device
   * @param t times [n, 1] in [-1, 1]. Default: those of the recordings' samples
   * @returns [batch, n]
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT
   */
  forward(
    audio: Tensor,
    t?: Tensor,
    { factor = this.updateFactor }: HyperForwardOptions = {},
  ): Tensor {
    const recordings = recordingsFor(this, this.options.samples, audio);
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

  /** @internal */
  override describe(): ModelDescription {
    return {
      ...super.describe(),
      ...(this.#epoch !== undefined && { epoch: this.#epoch }),
      ...(this.#sampleRate !== undefined && { sampleRate: this.#sampleRate }),
    };
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

function namedTensors(handles: Readonly<Record<string, TensorHandle>>): Map<string, Tensor> {
  return new Map(Object.entries(handles).map(([name, handle]) => [name, wrapTensor(handle)]));
}
