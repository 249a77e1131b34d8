import { addon } from '../native/addon.js';
import type { FilterResponsesHandle } from '../native/analysis-addon.js';
import { handleOf, ops, scope, type Tensor } from '../tensor/index.js';
import type { FilterBank } from './filter-bank.js';
import { type FrequencyAxis, filterResponses } from './frequency-axis.js';

/** @internal */
export type Numbers = Float32Array | Float64Array;

/**
 * A layer that hears: what is the same for every recording is computed once.
 *
 * @internal
 */
export class Listener {
  readonly #layer: FilterResponsesHandle;
  readonly #stride: number;
  readonly #bins: number;
  readonly #numbers: (length: number) => Numbers;

  /** @param banks at least one; one stride */
  constructor(banks: readonly FilterBank[], axis: FrequencyAxis, dtype: 'float32' | 'float64') {
    const { stride, sampleRate } = banks[0] as FilterBank;
    this.#stride = stride;
    this.#bins = axis.frequencies.length - 1;
    this.#numbers = (length) =>
      dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
    this.#layer = scope(() => {
      const filters = banks.map((bank) => bank.filters.to({ dtype, device: 'cpu' }));
      // Frequencies in equal steps, a power of two of them, are those of a fast transform.
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

  /** Responses to a recording of so many samples. */
  frames(samples: number): number {
    return Math.ceil(samples / this.#stride);
  }

  /**
   * STRS [bins + 1, frames] and CRS [bins + 1] of recordings.
   *
   * @param signals [batch, samples], scaled, contiguous
   * @param over arrays whose memory may be used again
   */
  spectra(signals: Tensor, over: readonly Numbers[]): { strs: Numbers; crs: Numbers }[] {
    const [batch, samples] = signals.shape as [number, number];
    const size = (this.#bins + 1) * this.frames(samples);
    const strs = Array.from({ length: batch }, (_, row) => {
      const array = over[row];
      return array?.length === size ? array : this.#numbers(size);
    });
    return this.#listen(signals, strs).map((crs, row) => ({ strs: strs[row] as Numbers, crs }));
  }

  /**
   * CRS [bins + 1] of recordings, without keeping their STRS.
   *
   * @param signals [batch, samples], scaled, contiguous
   */
  means(signals: Tensor): Numbers[] {
    return this.#listen(signals, []);
  }

  #listen(signals: Tensor, strs: readonly Numbers[]): Numbers[] {
    const batch = signals.shape[0] as number;
    const bins = this.#bins + 1;
    const crs = this.#numbers(batch * bins);
    addon().listen(this.#layer, handleOf(signals), strs, crs);
    return Array.from({ length: batch }, (_, row) => crs.slice(row * bins, (row + 1) * bins));
  }
}
