import { addon } from '../addon/addon.js';
import type { FilterResponsesHandle } from '../addon/measures.js';
import { ops, scope } from '../tensor/index.js';
import { handleOf } from '../tensor/tensor.js';
import type { FilterBank } from './filter-bank.js';
import { type FrequencyAxis, filterResponses } from './frequency-axis.js';

export type Numbers = Float32Array | Float64Array;

/** Computes the responses of a layer; what all recordings share is computed once. */
export class LayerResponses {
  readonly #layer: FilterResponsesHandle;
  readonly #stride: number;
  readonly #bins: number;
  readonly #range: number | null;
  readonly #numbers: (length: number) => Numbers;

  /**
   * @param banks at least one; one stride
   * @param range to scale recordings to; false: do not scale
   */
  constructor(
    banks: readonly FilterBank[],
    axis: FrequencyAxis,
    range: number | false,
    dtype: 'float32' | 'float64',
  ) {
    const { stride, sampleRate } = banks[0] as FilterBank;
    this.#stride = stride;
    this.#range = range === false ? null : range;
    this.#bins = axis.frequencies.length - 1;
    this.#numbers = (length) =>
      dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
    this.#layer = scope(() => {
      const filters = banks.map((bank) => bank.filters.to({ dtype, device: 'cpu' }));
      // Equally spaced frequencies, a power of two of them, are those of a fast transform.
      const isFast = axis.kind === 'fourier' && Number.isInteger(Math.log2(this.#bins));
      const spectra = isFast
        ? null
        : ops.cat(
            banks.map((bank) =>
              filterResponses(bank.filters.to({ device: 'cpu' }), axis, sampleRate),
            ),
            1,
          ); // [2·(bins + 1), filters]
      const handle = spectra && handleOf(spectra);
      return addon().createFilterResponses(filters.map(handleOf), stride, this.#bins, handle);
    });
  }

  /** Number of responses to a recording of that many samples. */
  frames(samples: number): number {
    return Math.ceil(samples / this.#stride);
  }

  /**
   * STRS [bins + 1, frames] and CRS [bins + 1] of recordings.
   *
   * @param over arrays to reuse where they fit
   */
  spectra(
    recordings: readonly Float32Array[],
    over: readonly Numbers[],
  ): { strs: Numbers; crs: Numbers }[] {
    const strs = recordings.map(({ length }, i) => {
      const size = (this.#bins + 1) * this.frames(length);
      const array = over[i];
      return array?.length === size ? array : this.#numbers(size);
    });
    return this.#compute(recordings, strs).map((crs, i) => ({ strs: strs[i] as Numbers, crs }));
  }

  /** CRS [bins + 1] of recordings, without keeping their STRS. */
  means(recordings: readonly Float32Array[]): Numbers[] {
    return this.#compute(recordings, []);
  }

  #compute(recordings: readonly Float32Array[], strs: readonly Numbers[]): Numbers[] {
    const bins = this.#bins + 1;
    const crs = this.#numbers(recordings.length * bins);
    addon().listen(this.#layer, recordings, this.#range, strs, crs);
    return recordings.map((_, i) => crs.slice(i * bins, (i + 1) * bins));
  }
}
