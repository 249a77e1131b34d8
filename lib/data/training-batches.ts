import { z } from 'zod';
import { FewSoundError, invalidArgument } from '../errors.js';
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

/** Where batches come from: {@link TrainingBatches}, {@link ValidationBatches}, or your own. */
export interface BatchSource {
  /**
   * Batches in an epoch.
   *
   * @param batchSize crops in a batch, of all processes together
   * @throws FewSoundError INVALID_ARGUMENT
   */
  batchesPerEpoch(batchSize: number): number;
  /**
   * Elements of a batch: crops of this process times samples.
   *
   * @throws FewSoundError INVALID_ARGUMENT
   */
  batchLength(index: number, batchSize: number): number;
  /**
   * One batch: the part of this process, crop after crop.
   *
   * @param epoch from 0
   * @param index batch of the epoch, from 0
   * @param batchSize crops in a batch, of all processes together
   * @param into where to put it; default: a new array
   * @returns [crops · samples], that is [batch, samples]
   * @throws FewSoundError INVALID_ARGUMENT; what {@link SegmentStore.read} throws
   */
  batch(
    epoch: number,
    index: number,
    batchSize: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * @throws FewSoundError AUDIO_EMPTY for an empty store; INVALID_ARGUMENT for more samples than a
 *   segment has
 */
export function requireSamples(store: SegmentStore, samples: number): void {
  if (store.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', 'the store is empty; expected one or more segments.', {
      field: 'store',
    });
  }
  if (samples <= store.segmentSamples) return;
  throw invalidArgument(
    'samples',
    `samples is ${samples}, but a segment of this corpus has ${store.segmentSamples}. Use fewer, or prepare the corpus with longer segments.`,
  );
}

/** @throws FewSoundError INVALID_ARGUMENT for an epoch or a batch that does not exist */
export function requirePosition(epoch: number, index: number, batches: number): void {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= 2 ** 32) {
    throw invalidArgument('epoch', `epoch is ${epoch}; expected a whole number, 0 or more.`);
  }
  if (!Number.isInteger(index) || index < 0 || index >= batches) {
    throw invalidArgument(
      'index',
      `there is no batch ${index}; an epoch has ${batches}, counted from 0.`,
    );
  }
}

/** @throws FewSoundError SHAPE_MISMATCH for an array of another length */
export function bufferFor(
  length: number,
  into: Float32Array<ArrayBuffer> | undefined,
): Float32Array<ArrayBuffer> {
  if (into === undefined) return new Float32Array(length);
  if (into.length === length) return into;
  throw new FewSoundError(
    'SHAPE_MISMATCH',
    `into has ${into.length} elements, but the batch has ${length}.`,
    { field: 'into', shapes: [[into.length], [length]] },
  );
}

/**
 * Fills a batch, crop by crop, side by side.
 *
 * @param fill puts the crop of a row into its part of the batch, [samples]
 */
export async function fillRows(
  batch: Float32Array<ArrayBuffer>,
  samples: number,
  fill: (row: number, crop: Float32Array<ArrayBuffer>) => Promise<void>,
): Promise<Float32Array<ArrayBuffer>> {
  const rows = Array.from({ length: batch.length / samples }, (_, row) =>
    fill(row, batch.subarray(row * samples, (row + 1) * samples)),
  );
  // Wait for all of them, so that nothing writes into the array after a failure.
  const failed = (await Promise.allSettled(rows)).find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  return batch;
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
  /** For training on several devices: which part of each batch to make. Default: all of it. */
  shard?: BatchShard;
}

export const storeField = z.instanceof(SegmentStore, {
  error: 'Expected a SegmentStore, such as the train of a PreparedCorpus',
});

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
 * Batches of augmented crops, as the FewSound paper trains on: each from a random segment at a
 * random start, phase-mangled with probability 0.8 (a second-order all-pass, pole radius 0.99, 20
 * to 2000 Hz log-uniform), with dequantization noise U(-1/2, 1/2)/2^16, scaled to peak 1 last.
 *
 * An epoch takes `samplesPerEpoch` random segments: without repetition while they last, then again
 * in a new order. Its batches are all of full size; the remainder is left out.
 *
 * Everything random about crop i of epoch e depends on (seed, e, i) only. So `batch` gives the same
 * samples whenever it is called, in any order, and training resumes exactly from any position.
 */
export class TrainingBatches implements BatchSource {
  readonly samples: number;
  readonly samplesPerEpoch: number;
  readonly shard: Readonly<BatchShard>;
  readonly #store: SegmentStore;
  readonly #seed: number;
  readonly #augmentation: Augmentation;
  /** The order of the last used round through the segments. */
  #order: { epoch: number; round: number; indices: Uint32Array } | undefined;

  /** @throws FewSoundError INVALID_ARGUMENT naming the option; AUDIO_EMPTY for an empty store */
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
   * @throws FewSoundError INVALID_ARGUMENT for more crops than an epoch has, or a number that the
   *   processes cannot share evenly
   */
  batchesPerEpoch(batchSize: number): number {
    const { samplesPerEpoch } = this;
    const { worldSize } = this.shard;
    const isWhole = Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= samplesPerEpoch;
    if (!isWhole || batchSize % worldSize !== 0) {
      throw invalidArgument(
        'batchSize',
        `batchSize is ${batchSize}; expected a whole number from 1 to ${samplesPerEpoch} (samplesPerEpoch)${worldSize > 1 ? ` that ${worldSize} processes can share evenly` : ''}.`,
      );
    }
    return Math.floor(samplesPerEpoch / batchSize);
  }

  batchLength(index: number, batchSize: number): number {
    requirePosition(0, index, this.batchesPerEpoch(batchSize));
    return (batchSize / this.shard.worldSize) * this.samples;
  }

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
    return fillRows(bufferFor(rows * samples, into), samples, (row, crop) =>
      this.#crop(epoch, first + row, crop),
    );
  }

  async #crop(epoch: number, item: number, into: Float32Array<ArrayBuffer>): Promise<void> {
    const segment = this.#segmentOf(epoch, item);
    const draws = new Draws(this.#seed, 'item', epoch, item);
    // The padding of a short recording is no reason for a crop.
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
