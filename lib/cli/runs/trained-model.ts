import { existsSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { type Segment, type SegmentStore, ValidationBatches } from '../../data/index.js';
import { FewSoundError, throwIfAborted } from '../../errors.js';
import { evaluate, type Metrics, metricNames } from '../../metrics/index.js';
import type { HyperNetwork } from '../../nn/index.js';
import { noGrad, scope, tensor } from '../../tensor/index.js';
import { runFiles } from '../../train/index.js';
import { RUN_FILES } from './folder.js';
import { readTrainConfig } from './train-config.js';

/** A segment of a corpus and its reconstruction by a model. */
export interface ReconstructedSegment {
  readonly segment: Segment;
  /** [samples], peak-normalized */
  readonly original: Float32Array;
  /** [samples]; not finite where the model has diverged, and all metrics are null then. */
  readonly reconstruction: Float32Array;
  readonly metrics: Metrics;
}

/** Recordings that a model works on at once. */
const BATCH = 8;

/**
 * Passes the segments of a part of a corpus through a model: as many as `limit`, spread evenly.
 *
 * @throws FewSoundError INVALID_ARGUMENT for segments shorter than the model takes; ABORTED; what
 *   reading throws
 */
export async function* reconstructSegments(
  model: HyperNetwork,
  store: SegmentStore,
  { limit, signal }: { limit: number; signal?: AbortSignal },
): AsyncGenerator<ReconstructedSegment> {
  const { samples } = model.options;
  const batches = new ValidationBatches({ store, samples, limit });
  for (let index = 0; index < batches.batchesPerEpoch(BATCH); index++) {
    const originals = await batches.batch(0, index, BATCH);
    const estimates = reconstruct(model, originals);
    for (const [row, segment] of batches.segments(index, BATCH).entries()) {
      throwIfAborted(signal, 'interrupted.');
      const part = [row * samples, (row + 1) * samples] as const;
      const original = originals.subarray(...part);
      const reconstruction = estimates.subarray(...part);
      yield {
        segment,
        original,
        reconstruction,
        metrics: reconstruction.every(Number.isFinite)
          ? await evaluate(original, reconstruction, { sampleRate: store.sampleRate })
          : (Object.fromEntries(metricNames.map((name) => [name, null])) as Metrics),
      };
      // Lets Ctrl-C in between two segments.
      await new Promise(setImmediate);
    }
  }
}

/** Reconstructions of recordings, flat as they are: [recordings · samples]. */
function reconstruct(model: HyperNetwork, recordings: Float32Array): Float32Array {
  const { samples, dtype, device } = model.options;
  const shape = [recordings.length / samples, samples];
  return scope(() =>
    noGrad(() => {
      const audio = tensor(recordings, { shape, dtype, device });
      return Float32Array.from(model.forward(audio).contiguous().data() as Float32Array);
    }),
  );
}

/** The file of a run that holds what it was started with, in the form of a configuration. */
export const TRAIN_FILE = 'train.json';
/** The same of a classifier's. */
export const CLASSIFIER_FILE = 'classifier.json';

/** A trained model on disk. */
export interface TrainedModel {
  /** The configuration's name for a run that has one, else that of the folder or file. */
  readonly name: string;
  readonly file: string;
}

/** What a fit begins from at a path: as a trained model, or in the folder of a fit its network. */
export async function findStart(path: string): Promise<string> {
  const fitted = join(resolve(path), RUN_FILES.model);
  return existsSync(fitted) ? fitted : (await findTrainedModel(path)).file;
}

/**
 * The model at a path: that file; or in the folder of a run the best one, or the last one before
 * the first validation.
 *
 * @throws FewSoundError FILE_NOT_FOUND for a folder without a model
 */
export async function findTrainedModel(path: string): Promise<TrainedModel> {
  const absolute = resolve(path);
  if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
    return { name: basename(absolute, extname(absolute)), file: absolute };
  }
  const { best, last } = runFiles(absolute);
  const file = [best, last].find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${absolute} holds no trained model (${best}). Give the folder of a \`fewsound train\` run that has a checkpoint, or the file of a model.`,
    );
  }
  const config = join(absolute, TRAIN_FILE);
  const { name = basename(absolute) } = existsSync(config) ? await readTrainConfig(config, '') : {};
  return { name, file };
}
