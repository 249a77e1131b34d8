import { invalidArgument } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { scaleToPeak } from './augmentation.js';
import type { Segment, SegmentStore } from './segment-store.js';
import {
  type BatchShard,
  type BatchSource,
  bufferFor,
  fillRows,
  requirePosition,
  requireSamples,
  shardField,
  storeField,
} from './training-batches.js';

/** Options of {@link ValidationBatches}. */
export interface ValidationBatchesOptions {
  /** The segments to crop from. */
  store: SegmentStore;
  /** Samples of a crop, 2 to those of a segment. Default 32,768. */
  samples?: number;
  /** Segments at most, 1 or more. Default 512. */
  limit?: number;
  /** For several processes. Default: all of every batch. */
  shard?: BatchShard;
}

const schema = optionsObject({
  store: storeField,
  samples: wholeNumber(2, 2 ** 24).default(32_768),
  limit: wholeNumber(1, 2 ** 31 - 1).default(512),
  shard: shardField.default({ rank: 0, worldSize: 1 }),
});

/**
 * Batches for validation: the start of each segment, scaled to peak 1. Where there are more
 * segments than `limit`, those taken are spread evenly over the store, so that every speaker has a
 * share. Nothing is random, and every epoch is the same; the last batch may be smaller than the
 * others.
 */
export class ValidationBatches implements BatchSource {
  readonly samples: number;
  /** Crops in all. */
  readonly length: number;
  readonly shard: Readonly<BatchShard>;
  readonly #store: SegmentStore;

  /** @throws FewSoundError INVALID_ARGUMENT naming the option; AUDIO_EMPTY for an empty store */
  constructor(options: ValidationBatchesOptions) {
    const { store, samples, limit, shard } = parseOptions(
      schema,
      options,
      'ValidationBatches options',
    );
    requireSamples(store, samples);
    this.#store = store;
    this.samples = samples;
    this.length = Math.min(limit, store.length);
    this.shard = shard;
  }

  batchesPerEpoch(batchSize: number): number {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw invalidArgument(
        'batchSize',
        `batchSize is ${batchSize}; expected a whole number, 1 or more.`,
      );
    }
    return Math.ceil(this.length / batchSize);
  }

  /**
   * Where the crops of a batch come from, in order.
   *
   * @throws FewSoundError INVALID_ARGUMENT
   */
  segments(index: number, batchSize: number): Segment[] {
    return this.#indices(index, batchSize).map((segment) => this.#store.segment(segment));
  }

  batchLength(index: number, batchSize: number): number {
    return this.#indices(index, batchSize).length * this.samples;
  }

  /** With several processes the parts may differ by one crop, and be empty. */
  async batch(
    epoch: number,
    index: number,
    batchSize: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    requirePosition(epoch, index, this.batchesPerEpoch(batchSize));
    const { samples } = this;
    const indices = this.#indices(index, batchSize);
    const batch = bufferFor(indices.length * samples, into);
    return fillRows(batch, samples, async (row, crop) => {
      scaleToPeak(await this.#store.read(indices[row] as number, 0, samples, crop));
    });
  }

  /** Segments of this process's part of a batch. */
  #indices(index: number, batchSize: number): number[] {
    requirePosition(0, index, this.batchesPerEpoch(batchSize));
    const { rank, worldSize } = this.shard;
    const begin = index * batchSize;
    const count = Math.min(batchSize, this.length - begin);
    const from = begin + Math.floor((count * rank) / worldSize);
    const to = begin + Math.floor((count * (rank + 1)) / worldSize);
    return Array.from({ length: to - from }, (_, row) =>
      Math.floor(((from + row) * this.#store.length) / this.length),
    );
  }
}
