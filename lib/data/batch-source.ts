import { FewSoundError } from '../native/errors.js';
import type { SegmentStore } from './segment-store.js';

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
