import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import {
  type Augmentation,
  type AugmentationOptions,
  augment,
  augmentationSchema,
  planCrop,
} from './augmentation.js';
import { Draws } from './draws.js';
import { SegmentStore } from './segment-store.js';

/** Where batches come from: {@link TrainingBatches}, {@link ValidationBatches}, or something of your own. */
export interface BatchSource {
  /** Batches in an epoch. */
  batchesPerEpoch(batchSize: number): number;
  /** Elements of a batch: crops of this process times samples. */
  batchLength(index: number, batchSize: number): number;
  /** One batch, [batch · samples]; in `into` where that is given and has the length. */
  batch(
    epoch: number,
    index: number,
    batchSize: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * @internal
 * @throws FewSoundError AUDIO_EMPTY for a store without segments; INVALID_ARGUMENT for more samples than a segment has
 */
export function requireSamples(store: SegmentStore, samples: number): void {
  if (store.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', 'the store holds not one segment.', { field: 'store' });
  }
  if (samples <= store.segmentSamples) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `samples is ${samples}, but a segment of this corpus has ${store.segmentSamples}. Take fewer, or prepare the corpus with longer segments.`,
    { field: 'samples' },
  );
}

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT for an epoch or a batch that there is not
 */
export function requirePosition(epoch: number, index: number, batches: number): void {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= 2 ** 32) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `epoch is ${epoch}; expected a whole number, 0 or more.`,
      { field: 'epoch' },
    );
  }
  if (!Number.isInteger(index) || index < 0 || index >= batches) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `there is no batch ${index}; an epoch has ${batches}, counted from 0.`,
      { field: 'index' },
    );
  }
}

/**
 * @internal
 * @throws FewSoundError SHAPE_MISMATCH for an array of another length
 */
export function bufferFor(
  length: number,
  into: Float32Array<ArrayBuffer> | undefined,
): Float32Array<ArrayBuffer> {
  if (into === undefined) return new Float32Array(length);
  if (into.length === length) return into;
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `the array for the batch has ${into.length} elements; this batch has ${length}.`,
    { field: 'into', shapes: [[into.length], [length]] },
  );
}

/** Which part of every batch one of several processes makes. */
export interface BatchShard {
  /** This process, from 0. */
  rank: number;
  /** Processes in all. */
  worldSize: number;
}

/** Options of {@link TrainingBatches}. */
export interface TrainingBatchesOptions {
  /** The segments to crop from. */
  store: SegmentStore;
  /** Samples of a crop, 2 to those of a segment. Default 32,768. */
  samples?: number;
  /** Seed of everything random, 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /** Crops in an epoch, 1 or more. Default: the number of segments (the FewSound paper: 10,000). */
  samplesPerEpoch?: number;
  augmentation?: AugmentationOptions;
  /** For training on several devices; all together see what one would see alone. Default: all of every batch. */
  shard?: BatchShard;
}

/** @internal */
export const storeField = z.instanceof(SegmentStore, {
  error: 'Expected a SegmentStore, such as the train of a PreparedCorpus',
});

/** @internal */
export const shardField = optionsObject({
  rank: wholeNumber(0, 65_535),
  worldSize: wholeNumber(1, 65_536),
}).refine(({ rank, worldSize }) => rank < worldSize, { error: 'Expected a rank below worldSize' });

const schema = optionsObject({
  store: storeField,
  samples: wholeNumber(2, 2 ** 24).default(32_768),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  samplesPerEpoch: wholeNumber(1, 2 ** 31 - 1).optional(),
  augmentation: augmentationSchema.prefault({}),
  shard: shardField.default({ rank: 0, worldSize: 1 }),
});

/**
 * Batches of augmented crops (SPEC of the FewSound paper's training): each a random segment, cropped at a random start,
 * with probability 0.8 phase-mangled (a second-order all-pass, pole radius 0.99, 20 to 2000 Hz log-uniform), plus
 * dequantisation noise U(-1/2, 1/2)/2^16, scaled to peak 1 last.
 *
 * An epoch takes `samplesPerEpoch` segments at random: without repetition while they last, then all again in a new order.
 * Its batches are all of full size; what remains is left out.
 *
 * Everything random about crop i of epoch e depends on (seed, e, i) only. So `batch` gives the same samples whenever it
 * is called, in any order, and a training goes on exactly from any position.
 */
export class TrainingBatches implements BatchSource {
  readonly samples: number;
  readonly samplesPerEpoch: number;
  readonly shard: Readonly<BatchShard>;
  readonly #store: SegmentStore;
  readonly #seed: number;
  readonly #augmentation: Augmentation;
  /** The order of one round through the segments, the one used last. */
  #order: { epoch: number; round: number; indices: Uint32Array } | undefined;

  /** @throws FewSoundError INVALID_ARGUMENT naming the option; AUDIO_EMPTY for a store without segments */
  constructor(options: TrainingBatchesOptions) {
    const resolved = parseOptions(schema, options, 'TrainingBatches options');
    requireSamples(resolved.store, resolved.samples);
    this.#store = resolved.store;
    this.#seed = resolved.seed;
    this.#augmentation = resolved.augmentation;
    this.samples = resolved.samples;
    this.samplesPerEpoch = resolved.samplesPerEpoch ?? resolved.store.length;
    this.shard = resolved.shard;
  }

  /**
   * Batches in an epoch.
   *
   * @param batchSize crops in a batch, of all processes together
   * @throws FewSoundError INVALID_ARGUMENT for more than an epoch has, or a number that the processes cannot share evenly
   */
  batchesPerEpoch(batchSize: number): number {
    const { samplesPerEpoch } = this;
    const { worldSize } = this.shard;
    const isWhole = Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= samplesPerEpoch;
    if (!isWhole || batchSize % worldSize !== 0) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `batchSize is ${batchSize}; expected a whole number from 1 to ${samplesPerEpoch} (samplesPerEpoch)${worldSize > 1 ? ` that ${worldSize} processes can share evenly` : ''}.`,
        { field: 'batchSize' },
      );
    }
    return Math.floor(samplesPerEpoch / batchSize);
  }

  /**
   * Elements of a batch: crops of this process times samples.
   *
   * @throws FewSoundError INVALID_ARGUMENT
   */
  batchLength(index: number, batchSize: number): number {
    requirePosition(0, index, this.batchesPerEpoch(batchSize));
    return (batchSize / this.shard.worldSize) * this.samples;
  }

  /**
   * One batch: of `batchSize` crops the part of this process, crop after crop.
   *
   * @param epoch from 0
   * @param index batch of the epoch, from 0
   * @param batchSize crops in a batch, of all processes together
   * @param into where to put it; default: a new array
   * @returns [batchSize / worldSize · samples], that is [batch, samples]
   * @throws FewSoundError INVALID_ARGUMENT; what {@link SegmentStore.read} throws
   */
  async batch(
    epoch: number,
    index: number,
    batchSize: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    requirePosition(epoch, index, this.batchesPerEpoch(batchSize));
    const { samples, shard } = this;
    const rows = batchSize / shard.worldSize;
    const first = index * batchSize + shard.rank * rows;
    const batch = bufferFor(rows * samples, into);
    const crops = Array.from({ length: rows }, (_, row) =>
      this.#crop(epoch, first + row, batch.subarray(row * samples, (row + 1) * samples)),
    );
    // All of them, so that nothing writes into the array after a failure.
    const failed = (await Promise.allSettled(crops)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    return batch;
  }

  /** Crop `item` of an epoch. */
  async #crop(epoch: number, item: number, into: Float32Array<ArrayBuffer>): Promise<void> {
    const segment = this.#segmentOf(epoch, item);
    const draws = new Draws(this.#seed, 'item', epoch, item);
    // The padding of a short recording is not worth a crop of its own.
    const starts = Math.max(0, this.#store.segment(segment).samples - this.samples) + 1;
    const plan = planCrop(draws, starts, this.#augmentation);
    await this.#store.read(segment, plan.start, this.samples, into);
    augment(into, plan, this.#augmentation, draws, this.#store.sampleRate);
  }

  #segmentOf(epoch: number, item: number): number {
    const { length } = this.#store;
    const round = Math.floor(item / length);
    if (this.#order?.epoch !== epoch || this.#order.round !== round) {
      const draws = new Draws(this.#seed, 'order', epoch, round);
      const count = Math.min(length, this.samplesPerEpoch - round * length);
      this.#order = { epoch, round, indices: draws.permutation(length, count) };
    }
    return this.#order.indices[item - round * length] as number;
  }
}
