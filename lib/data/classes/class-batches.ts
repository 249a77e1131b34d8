import { invalidArgument } from '../../errors.js';
import { Draws } from '../draws.js';
import { type BatchSource, bufferFor, requirePosition } from '../training-batches.js';
import type { LabeledClips } from './labeled-clips.js';

/** Which clips to make batches of, and how. */
export interface ClassBatchesOptions {
  readonly clips: LabeledClips;
  /** Indices of the clips, one or more. */
  readonly members: readonly number[];
  /**
   * Draws the order and shifts of each epoch; all batches then have full size, and the remainder is
   * left out. Without it: all clips in order, not shifted.
   */
  readonly seed?: number;
  /** Most samples to shift a clip by, either way; at most the clips' margin. Default 0. */
  readonly shift?: number;
}

/**
 * Batches of clips with their classes. Everything random about item i of epoch e depends on (seed,
 * e, i) only, so that training resumes exactly from any position.
 */
export class ClassBatches implements BatchSource {
  readonly #clips: LabeledClips;
  readonly #members: readonly number[];
  readonly #seed: number | undefined;
  readonly #shift: number;
  #order: { epoch: number; indices: Uint32Array } | undefined;

  constructor({ clips, members, seed, shift = 0 }: ClassBatchesOptions) {
    this.#clips = clips;
    this.#members = members;
    this.#seed = seed;
    this.#shift = shift;
  }

  /** @throws FewSoundError INVALID_ARGUMENT for a size above the number of clips */
  batchesPerEpoch(batchSize: number): number {
    const { length } = this.#members;
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > Math.max(length, 1)) {
      throw invalidArgument(
        'batchSize',
        `batchSize is ${batchSize}; expected a whole number from 1 to ${length}, the number of clips.`,
      );
    }
    return this.#seed === undefined
      ? Math.ceil(length / batchSize)
      : Math.floor(length / batchSize);
  }

  batchLength(index: number, batchSize: number): number {
    return this.#rows(index, batchSize) * this.#clips.options.samples;
  }

  async batch(
    epoch: number,
    index: number,
    batchSize: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    requirePosition(epoch, index, this.batchesPerEpoch(batchSize));
    const { samples } = this.#clips.options;
    const batch = bufferFor(this.batchLength(index, batchSize), into);
    for (let row = 0; row * samples < batch.length; row++) {
      const item = index * batchSize + row;
      const clip = this.#clips.clip(this.#member(epoch, item), this.#shiftOf(epoch, item));
      batch.set(clip, row * samples);
    }
    return batch;
  }

  /** The classes of a batch, row by row. */
  classes(epoch: number, index: number, batchSize: number): number[] {
    return Array.from(
      { length: this.#rows(index, batchSize) },
      (_, row) => this.#clips.classes[this.#member(epoch, index * batchSize + row)] as number,
    );
  }

  #rows(index: number, batchSize: number): number {
    requirePosition(0, index, this.batchesPerEpoch(batchSize));
    return Math.min(batchSize, this.#members.length - index * batchSize);
  }

  #member(epoch: number, item: number): number {
    if (this.#seed === undefined) return this.#members[item] as number;
    if (this.#order?.epoch !== epoch) {
      const draws = new Draws(this.#seed, 'order', epoch, 0);
      this.#order = { epoch, indices: draws.permutation(this.#members.length) };
    }
    return this.#members[this.#order.indices[item] as number] as number;
  }

  #shiftOf(epoch: number, item: number): number {
    if (this.#seed === undefined || this.#shift === 0) return 0;
    return new Draws(this.#seed, 'item', epoch, item).below(2 * this.#shift + 1) - this.#shift;
  }
}
