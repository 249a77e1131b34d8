import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import type { optionTables } from '../option-tables.generated.js';
import {
  kindsOf,
  optionsObject,
  parseOptions,
  type Resolved,
  sampleRateField,
  wholeNumber,
} from '../options.js';
import { onSamples, requireSampleCount, type SamplePositions } from '../player/positions.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';
import { handleOf, wrapTensor } from '../tensor/tensor.js';
import { entriesOf, Model, type ModelOptions, type NamedTensors } from './model.js';
import { type LearnedClip, type RenderRange, rangePositions, timeAxis } from './time.js';

/** The networks by their names in files, options and on the command line. */
export const inrKinds = kindsOf('network');
export type InrKind = keyof (typeof optionTables)['network'];

/** Options of every network. */
export interface InrOptions extends ModelOptions {
  envelope?: readonly number[];
}

/** Options with all their values, as `options` of a network has them. */
export type ResolvedOptions<Options> = Resolved<Options>;

/** A weight that a hypernetwork supplies. */
export interface WeightSlot {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Samples that `render` computes at once: keeps the memory of a long rendering small. */
const renderBlock = 8192;

/**
 * A network that holds a sound: it maps time t in [-1, 1] to amplitude, with its own parameters or
 * with weights that are given. The sound is continuous in time, so it can be rendered at any rate.
 * With an `envelope` the amplitude is the network's times that.
 *
 * It owns memory outside JavaScript's heap: `dispose()` frees it at once, the collector at last.
 */
export abstract class Inr<Options extends InrOptions = InrOptions> extends Model<Options> {
  abstract override readonly kind: InrKind;
  #clip: LearnedClip | undefined;

  /** @internal */
  protected constructor(kind: InrKind, options: Options) {
    super('network', kind, options);
  }

  /** Learnable numbers, a complex one counted once, and the values of the envelope. */
  override get parameterCount(): number {
    return super.parameterCount + (this.options.envelope?.length ?? 0);
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
   * @throws FewSoundError SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT for weights that are
   *   missing or of no use, DISPOSED
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

  /** The weights that `forward` takes per sample, in the order of a weight vector. */
  weightLayout(): WeightSlot[] {
    return addon().networkLayout(this.handle);
  }

  /**
   * The sound as samples: a number of them, the first at t = -1 and the last at t = 1, or those of
   * a stretch of time at any rate. It is computed block by block.
   *
   * @param extent how many samples, or from where to where in seconds
   * @returns [samples] amplitudes, as the network has them: nothing is clipped
   * @throws FewSoundError INVALID_ARGUMENT for a range outside the recording, or seconds without
   *   `clip`
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
   * The amplitudes at positions among the samples of a recording of some length. Where they are
   * samples of it, the times are those of its time axis, to the bit.
   *
   * @internal
   */
  renderAmong(samples: number, positions: SamplePositions): Float32Array {
    const { dtype, device } = this;
    const { first, step, count } = positions;
    if (onSamples(positions, samples)) {
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

  /** @internal */
  override fileNotes(): Record<string, string> {
    return this.#clip === undefined ? {} : { clip: JSON.stringify(this.#clip) };
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

const clipSchema = optionsObject({
  sampleRate: sampleRateField,
  samples: wholeNumber(1, 2 ** 31),
});

/** @internal */
export function checkLearnedClip(clip: unknown): LearnedClip {
  return Object.freeze(parseOptions(clipSchema, clip, 'clip'));
}
