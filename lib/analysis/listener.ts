import { ops, scope, type Tensor } from '../tensor/index.js';
import type { FilterBank } from './filter-bank.js';
import { type FrequencyAxis, filterResponses } from './frequency-axis.js';

type Numbers = Float32Array | Float64Array;

/** Numbers of a product that are computed and squared while they are in the processor's cache. */
const CHUNK = 2 ** 18;

/**
 * A layer that hears: what is the same for every recording is computed once. Belongs to the scope around.
 *
 * @internal
 */
export class Listener {
  readonly #stride: number;
  readonly #longest: number;
  readonly #dtype: 'float32' | 'float64';
  /** Filters of each bank, [filters, stride, blocks]; none where the samples are taken as they are. */
  readonly #kernels: readonly Tensor[];
  /** What each filter's response adds to each frequency, real parts above imaginary ones: [2·(bins + 1), filters]. */
  readonly #spectra: Tensor;

  /** @param banks at least one; one stride */
  constructor(banks: readonly FilterBank[], axis: FrequencyAxis, dtype: 'float32' | 'float64') {
    const { stride, sampleRate } = banks[0] as FilterBank;
    this.#stride = stride;
    this.#dtype = dtype;
    this.#longest = Math.max(...banks.map(({ filters }) => filters.shape[1] as number));
    const count = banks.reduce((sum, { filters }) => sum + (filters.shape[0] as number), 0);
    const [kernels, spectra] = scope(() => {
      const exact = banks.map(({ filters }) => filters.to({ dtype: 'float64', device: 'cpu' }));
      const responses = ops.cat(
        exact.map((filters) => filterResponses(filters, axis, sampleRate)),
        1,
      ); // [2·(bins + 1), filters]
      // Fewer samples than filters: the sum over the filters is taken here, once, and not for every frame.
      if (this.#longest <= count) {
        const filters = ops.cat(
          exact.map((bank) => bank.pad([0, this.#longest - (bank.shape[1] as number)])),
          0,
        ); // [filters, longest]
        return [[], responses.matmul(filters).to({ dtype })] as const;
      }
      return [
        exact.map((filters) => inBlocks(filters, stride).to({ dtype }).contiguous()),
        responses.to({ dtype }),
      ] as const;
    });
    this.#kernels = kernels;
    this.#spectra = spectra;
  }

  /** Responses to a recording of so many samples. */
  frames(samples: number): number {
    return Math.ceil(samples / this.#stride);
  }

  /**
   * STRS [bins + 1, frames] and CRS [bins + 1] of recordings.
   *
   * @param signals [batch, samples], scaled
   */
  spectra(signals: Tensor): { strs: Numbers; crs: Numbers }[] {
    const bins = (this.#spectra.shape[0] as number) / 2;
    return scope(() => {
      const responses = this.#responses(signals);
      const [batch, , frames] = responses.shape as [number, number, number];
      const strs = ops.zeros([bins, frames], { dtype: this.#dtype });
      return Array.from({ length: batch }, (_, row) => {
        this.#everyChunk(responses.select(0, row), (chunk, first, size) => {
          strs.narrow(1, first, size).copy_(chunk);
        });
        return { strs: ownNumbers(strs), crs: ownNumbers(strs.mean(1)) };
      });
    });
  }

  /**
   * CRS [bins + 1] of recordings, without keeping their STRS.
   *
   * @param signals [batch, samples], scaled
   */
  means(signals: Tensor): Numbers[] {
    const bins = (this.#spectra.shape[0] as number) / 2;
    return scope(() => {
      const responses = this.#responses(signals);
      const [batch, , frames] = responses.shape as [number, number, number];
      return Array.from({ length: batch }, (_, row) => {
        const sum = ops.zeros([bins], { dtype: this.#dtype });
        this.#everyChunk(responses.select(0, row), (chunk) => {
          sum.add_(chunk.sum(1));
        });
        return ownNumbers(sum.div_(frames));
      });
    });
  }

  /** Responses of the filters, or where these are summed up beforehand the samples themselves: [batch, filters, frames]. */
  #responses(signals: Tensor): Tensor {
    const [batch, samples] = signals.shape as [number, number];
    const stride = this.#stride;
    const frames = this.frames(samples);
    if (this.#kernels.length === 0) {
      const padded = signals.pad([0, (frames - 1) * stride + this.#longest - samples]);
      return padded.unfold(1, this.#longest, stride).transpose(1, 2);
    }
    // Samples in blocks of a stride are channels side by side, over which a convolution has stride 1: faster, and the same.
    const blocks = frames - 1 + Math.ceil(this.#longest / stride);
    const channels = signals
      .pad([0, blocks * stride - samples])
      .reshape([batch, blocks, stride])
      .transpose(1, 2); // [batch, stride, blocks]
    const outputs = this.#kernels.map((kernel) =>
      channels.narrow(2, 0, frames - 1 + (kernel.shape[2] as number)).conv1d(kernel),
    );
    return outputs.length === 1 ? (outputs[0] as Tensor) : ops.cat(outputs, 1);
  }

  /** Moduli of the sums over the filters [bins + 1, size], for one part of the frames after the other. */
  #everyChunk(responses: Tensor, use: (chunk: Tensor, first: number, size: number) => void): void {
    const frames = responses.shape[1] as number;
    const most = Math.max(1, Math.floor(CHUNK / (this.#spectra.shape[0] as number)));
    const parts = Math.ceil(frames / most);
    const width = Math.ceil(frames / parts);
    for (let first = 0; first < frames; first += width) {
      const size = Math.min(width, frames - first);
      scope(() => {
        const products = this.#spectra.matmul(responses.narrow(1, first, size));
        const [real, imaginary] = products.chunk(2, 0) as [Tensor, Tensor];
        use(real.mul_(real).addcmul_(imaginary, imaginary).sqrt_(), first, size);
      });
    }
  }
}

/** Filters [filters, length] in blocks of a stride, filled up with zeros: [filters, stride, blocks]. */
function inBlocks(filters: Tensor, stride: number): Tensor {
  const [count, length] = filters.shape as [number, number];
  const blocks = Math.ceil(length / stride);
  return filters
    .pad([0, blocks * stride - length])
    .reshape([count, blocks, stride])
    .transpose(1, 2);
}

/**
 * A copy in memory of JavaScript's own. Over a tensor's memory lie arrays that are only freed between turns of the event
 * loop: a loop over a thousand recordings would hold the gigabytes of them all.
 */
function ownNumbers(values: Tensor): Numbers {
  return (values.data() as Numbers).slice();
}
