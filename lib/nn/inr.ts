import type { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { NetworkHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import {
  commonFields,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../options.js';
import {
  type Device,
  handleOf,
  noGrad,
  ops,
  ownTensor,
  scope,
  type Tensor,
  wrapTensor,
} from '../tensor/index.js';
import { copyState, entriesOf, type NamedTensors } from './model.js';
import { saveNetworkFile } from './model-file.js';
import {
  type LearnedClip,
  type RenderRange,
  rangePositions,
  requireSampleCount,
  type SamplePositions,
  timeAxis,
} from './time.js';

/** The networks by their names in files, options and on the command line. */
export const inrKinds = ['kan', 'nerf', 'siren', 'rff', 'finer', 'wire'] as const;
export type InrKind = (typeof inrKinds)[number];

/** Options of every network. */
export interface InrOptions {
  /**
   * Seed of the initial weights, a whole number from 0. Without it one is drawn from LibTorch's own
   * generator (which `manualSeed` sets) and recorded in `options`.
   */
  seed?: number;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. Initial weights do not depend on it. */
  device?: Device;
}

/** Options with all their values, as `options` of a network has them. */
export type ResolvedOptions<Options> = { readonly [Name in keyof Options]-?: Options[Name] };

/** A weight that a hypernetwork supplies. */
export interface WeightSlot {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Samples that `render` computes at once: keeps the memory of a long rendering small. */
const renderBlock = 8192;

/** Beyond 2^24 samples float32 cannot tell the times of neighbours apart, so an exact axis is of no use. */
const longestAxis = 2 ** 24;

/**
 * A network that holds a sound: it maps time t in [-1, 1] to amplitude, with its own parameters or
 * with weights that are given. The sound is continuous in time, so it can be rendered at any rate.
 *
 * It owns memory outside JavaScript's heap: `dispose()` frees it at once, the collector at last.
 */
export abstract class Inr<Options extends InrOptions = InrOptions> {
  abstract readonly kind: InrKind;
  /** @internal */
  readonly handle: NetworkHandle;
  /** @internal The options as the addon takes them. */
  readonly nativeOptions: object;
  #options: ResolvedOptions<Options>;
  #clip: LearnedClip | undefined;
  #tensors: { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } | undefined;

  /** @internal */
  protected constructor(
    kind: InrKind,
    schema: z.ZodType,
    options: Options,
    toNative: (options: ResolvedOptions<Options>) => object = (resolved) => resolved,
  ) {
    const given = parseOptions(schema, options, `${kind} options`) as ResolvedOptions<Options>;
    const resolved = { ...given, seed: given.seed ?? drawSeed() };
    for (const value of Object.values(resolved)) Object.freeze(value);
    this.#options = Object.freeze(resolved) as ResolvedOptions<Options>;
    this.nativeOptions = toNative(this.#options);
    this.handle = addon().createNetwork(kind, this.nativeOptions);
    if (this.device !== 'cpu') this.#move();
  }

  /** Everything that makes this network again, initial weights included. */
  get options(): ResolvedOptions<Options> {
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
    return addon().networkParameterCount(this.handle);
  }

  /** What it has learned, set by `fit`: gives seconds a meaning in `render`. Kept in files. */
  get clip(): LearnedClip | undefined {
    return this.#clip;
  }

  set clip(clip: LearnedClip | undefined) {
    this.#clip = clip === undefined ? undefined : checkLearnedClip(clip);
  }

  /**
   * The amplitude at the times t.
   *
   * @param t [samples, 1] or [batch, samples, 1], in [-1, 1], of the network's dtype and device
   * @param weights for KAN, NeRF and SIREN: in place of the network's own, one set for each of the
   *   batch: a tensor [batch, …shape] for every slot of `weightLayout()`
   * @returns amplitude, in the shape of t, or [batch, samples, 1] with weights
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT for weights that are missing
   *   or of no use, DISPOSED
   */
  forward(t: Tensor, weights?: NamedTensors): Tensor {
    this.#checkTimes(t);
    const given =
      weights === undefined
        ? null
        : Object.fromEntries(
            entriesOf(weights, 'weights').map(([name, value]) => [name, handleOf(value)]),
          );
    return wrapTensor(addon().networkForward(this.handle, handleOf(t), given));
  }

  /**
   * The learnable tensors by name, in the order of a weight vector. They are the network's own: what is
   * written into them is what it computes with, and they go with it.
   */
  parameters(): Map<string, Tensor> {
    return new Map(this.#own().parameters);
  }

  /** The weights that `forward` takes per sample, in the order of a weight vector. */
  weightLayout(): WeightSlot[] {
    return addon().networkLayout(this.handle);
  }

  /** Parameters and the fixed tensors beside them (frequencies, ω): the network's own, by name. */
  stateDict(): Map<string, Tensor> {
    const { parameters, buffers } = this.#own();
    return new Map([...parameters, ...buffers]);
  }

  /**
   * Copies values into the network. All are checked before one is changed.
   *
   * @param state a tensor for every name of `stateDict()`, of its shape and dtype
   * @throws FewSoundError INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH, DTYPE_MISMATCH
   */
  loadStateDict(state: NamedTensors): void {
    copyState(this.stateDict(), state, `${this.kind} network`);
  }

  /**
   * The sound as samples: a number of them, the first at t = -1 and the last at t = 1, or those of a
   * stretch of time at any rate. It is computed block by block.
   *
   * @param extent how many samples, or from where to where in seconds
   * @returns [samples] amplitudes, as the network has them: nothing is clipped
   * @throws FewSoundError INVALID_ARGUMENT for a range outside the recording, or seconds without `clip`
   */
  render(extent: number | RenderRange): Float32Array {
    if (typeof extent === 'number') {
      const count = requireSampleCount(extent);
      return this.renderAmong(count, { first: 0, step: 1, count });
    }
    const positions = rangePositions(extent, this.#clip);
    return this.renderAmong((this.#clip as LearnedClip).samples, positions);
  }

  /**
   * The amplitudes at positions among the samples of a recording of some length. Where they are samples
   * of it, the times are those of its time axis, to the bit.
   *
   * @internal
   */
  renderAmong(samples: number, { first, step, count }: SamplePositions): Float32Array {
    const { dtype, device } = this;
    const onSamples = step === 1 && Number.isInteger(first) && first + count <= samples;
    if (onSamples && samples <= longestAxis) {
      return scope(() => {
        const axis = timeAxis(samples, { dtype, device });
        return this.#renderBlocks(count, (from, length) => axis.narrow(0, first + from, length));
      });
    }
    const span = Math.max(samples - 1, 1);
    return this.#renderBlocks(count, (from, length) =>
      this.#times(
        Float64Array.from({ length }, (_, i) => -1 + (2 * (first + (from + i) * step)) / span),
      ),
    );
  }

  /**
   * Moves the network to a device or another dtype. Its tensors stay the same objects; gradients are
   * lost.
   *
   * @throws FewSoundError DEVICE_UNAVAILABLE, INVALID_ARGUMENT
   */
  to(target: { device?: Device; dtype?: 'float32' | 'float64' }): this {
    const { dtype = this.dtype, device = this.device } = parseOptions(
      targetSchema,
      target,
      'to',
    ) as { dtype?: 'float32' | 'float64'; device?: Device };
    addon().moveNetwork(this.handle, device, dtype);
    this.#options = Object.freeze({ ...this.#options, device, dtype }) as ResolvedOptions<Options>;
    return this;
  }

  /**
   * Writes the network to a safetensors file, atomically. The architecture and `clip` are JSON in its
   * metadata, so that `load(path)` needs nothing else. Complex weights become pairs of numbers on a
   * last axis.
   *
   * @param metadata more to keep in the file, under names of its own
   * @throws FewSoundError IO, INVALID_ARGUMENT for a name that fewsound itself uses
   */
  async save(path: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    await saveNetworkFile(path, this as unknown as Inr, metadata);
  }

  /** Frees the network now. A second time does nothing. */
  dispose(): void {
    addon().disposeNetwork(this.handle);
    for (const map of Object.values(this.#tensors ?? {})) {
      for (const tensor of map.values()) tensor.dispose();
    }
    this.#tensors = undefined;
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkTimes(t: Tensor): void {
    handleOf(t);
    const { shape, dtype } = t;
    if (dtype !== this.dtype) {
      throw new FewSoundError(
        'DTYPE_MISMATCH',
        `forward: t is ${dtype}, but the network is ${this.dtype}; convert one of them by to({ dtype }).`,
        { field: 't' },
      );
    }
    if ((shape.length !== 2 && shape.length !== 3) || shape.at(-1) !== 1) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `forward: t has shape [${shape.join(', ')}]; expected [samples, 1] or [batch, samples, 1].`,
        { field: 't', shapes: [[...shape]] },
      );
    }
  }

  #own(): { parameters: Map<string, Tensor>; buffers: Map<string, Tensor> } {
    if (this.#tensors !== undefined) return this.#tensors;
    const tensors = { parameters: new Map<string, Tensor>(), buffers: new Map<string, Tensor>() };
    for (const [name, handle, learnable] of addon().networkTensors(this.handle)) {
      (learnable ? tensors.parameters : tensors.buffers).set(name, ownTensor(handle));
    }
    this.#tensors = tensors;
    return tensors;
  }

  #move(): void {
    try {
      addon().moveNetwork(this.handle, this.device, this.dtype);
    } catch (error) {
      addon().disposeNetwork(this.handle);
      throw error;
    }
  }

  #renderBlocks(samples: number, timesOf: (from: number, length: number) => Tensor): Float32Array {
    const rendered = new Float32Array(samples);
    noGrad(() => {
      for (let from = 0; from < samples; from += renderBlock) {
        const length = Math.min(renderBlock, samples - from);
        scope(() => rendered.set(this.forward(timesOf(from, length)).data() as Float32Array, from));
      }
    });
    return rendered;
  }

  /** [times, 1] in the network's dtype and on its device. */
  #times(times: Float64Array<ArrayBuffer>): Tensor {
    const data = this.dtype === 'float64' ? times : Float32Array.from(times);
    return wrapTensor(addon().tensor(data, [times.length, 1], this.dtype, this.device));
  }
}

const { dtype, device } = commonFields;
const targetSchema = optionsObject({
  dtype: dtype.unwrap().optional(),
  device: device.unwrap().optional(),
});
const clipSchema = optionsObject({
  sampleRate: sampleRateField,
  samples: wholeNumber(1, 2 ** 31),
});

/** @internal */
export function checkLearnedClip(clip: unknown): LearnedClip {
  return Object.freeze(parseOptions(clipSchema, clip, 'clip'));
}

function drawSeed(): number {
  return scope(() => ops.randint(0, 2 ** 31, [1]).item());
}
