import type { z } from 'zod';
import { abortError, invalidArgument, throwIfAborted } from '../errors.js';
import { abortSignal, flag, optionsObject, parseOptions, wholeNumber } from '../options.js';
import type { BatchSource } from './training-batches.js';

const ABORTED = 'preparing batches ahead was aborted.';

/** Options of {@link prefetch}. */
export interface PrefetchOptions {
  /** Crops in a batch, of all processes together. */
  batchSize: number;
  /** Batches to prepare ahead, 1 to 64. Default 2. */
  depth?: number;
  /** Where to start. Default: the first batch of epoch 0. */
  from?: { epoch?: number; index?: number };
  /** The epoch to stop before. Default: none; it continues until the consumer stops. */
  epochs?: number;
  /** Reuse arrays (default false): a batch is then valid only until the next one is requested. */
  reuse?: boolean;
  /** Ends the iteration: the next batch is refused. */
  signal?: AbortSignal;
}

/** A batch and where it stands in the training. */
export interface PrefetchedBatch {
  readonly epoch: number;
  /** Batch of the epoch, from 0. */
  readonly index: number;
  /** [batch · samples], that is [batch, samples]. */
  readonly samples: Float32Array<ArrayBuffer>;
}

const epoch = wholeNumber(0, 2 ** 32 - 1);

const schema = optionsObject({
  batchSize: wholeNumber(1, 2 ** 31 - 1),
  depth: wholeNumber(1, 64).default(2),
  from: optionsObject({
    epoch: epoch.default(0),
    index: wholeNumber(0, 2 ** 31 - 1).default(0),
  }).prefault({}),
  epochs: epoch.optional(),
  reuse: flag.default(false),
  signal: abortSignal.optional(),
});

type Resolved = z.output<typeof schema>;

/**
 * Prepares batches ahead while the consumer works on the current one, epoch after epoch.
 *
 * An error surfaces with the batch that it hit, in turn, and ends the iteration. However the
 * iteration ends, by an error, the signal, `break` or the last batch, batches in preparation are
 * awaited first, so the store can be closed right after.
 *
 * @throws FewSoundError INVALID_ARGUMENT at once; while iterating: what the batches throw, ABORTED
 *   by the signal
 */
export function prefetch(
  batches: BatchSource,
  options: PrefetchOptions,
): AsyncGenerator<PrefetchedBatch, void, undefined> {
  const resolved = parseOptions(schema, options, 'prefetch options');
  const perEpoch = batches.batchesPerEpoch(resolved.batchSize);
  if (resolved.from.index >= perEpoch) {
    throw invalidArgument(
      'from.index',
      `prefetch options: from.index is ${resolved.from.index}, but an epoch has ${perEpoch} batches, counted from 0.`,
    );
  }
  return iterate(batches, perEpoch, resolved);
}

async function* iterate(
  batches: BatchSource,
  perEpoch: number,
  { batchSize, depth, from, epochs = Number.POSITIVE_INFINITY, reuse, signal }: Resolved,
): AsyncGenerator<PrefetchedBatch, void, undefined> {
  const underWay: Promise<PrefetchedBatch>[] = [];
  const spare: Float32Array<ArrayBuffer>[] = [];
  let next = { epoch: from.epoch, index: from.index };

  const prepare = async (at: { epoch: number; index: number }): Promise<PrefetchedBatch> => {
    const length = batches.batchLength(at.index, batchSize);
    const fitting = spare.findIndex((array) => array.length === length);
    const [into] = fitting < 0 ? [] : spare.splice(fitting, 1);
    return { ...at, samples: await batches.batch(at.epoch, at.index, batchSize, into) };
  };
  const begin = () => {
    while (underWay.length < depth && next.epoch < epochs) {
      const batch = prepare(next);
      // It is awaited in turn; until then a failure must not count as unhandled.
      batch.catch(() => {});
      underWay.push(batch);
      next =
        next.index + 1 < perEpoch
          ? { epoch: next.epoch, index: next.index + 1 }
          : { epoch: next.epoch + 1, index: 0 };
    }
  };

  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(signal, ABORTED));
    signal?.addEventListener('abort', stop);
  });
  aborted.catch(() => {});
  try {
    for (begin(); underWay.length > 0; begin()) {
      throwIfAborted(signal, ABORTED);
      const batch = await Promise.race([underWay[0] as Promise<PrefetchedBatch>, aborted]);
      underWay.shift();
      yield batch;
      if (reuse) spare.push(batch.samples);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.allSettled(underWay);
  }
}
