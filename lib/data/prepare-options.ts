import { z } from 'zod';
import {
  abortSignal,
  callback,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../options.js';
import {
  type CorpusKind,
  corpusKind,
  resolveValidationFraction,
  validationFraction,
} from './corpora/index.js';
import type { PreparationSettings } from './manifest.js';

/** Where a preparation is. */
export interface PrepareProgress {
  /** Recordings done, those of earlier calls included. */
  readonly files: number;
  /** Recordings in all. */
  readonly totalFiles: number;
  /** Segments so far. */
  readonly segments: number;
  /** Recordings so far that gave none. */
  readonly badFiles: number;
  /** In this call. */
  readonly secondsElapsed: number;
  /** Estimate, by the bytes of the recordings. */
  readonly secondsLeft: number;
}

/** Options of {@link prepareCorpus}. */
export interface PrepareOptions {
  corpus: CorpusKind;
  /** Where the corpus is unpacked. */
  folder: string;
  /** Where the prepared corpus is to be: a folder that is empty, does not exist, or was begun with the same settings. */
  out: string;
  /** Hz, 1 to 768,000. Default 22,050. */
  sampleRate?: number;
  /** Seconds dropped at the beginning of every recording, 0 or more. Default 0.5. */
  skipSeconds?: number;
  /** Samples of a segment, 2 to 16,777,216. Default 65,536. */
  segmentSamples?: number;
  /** What becomes of a recording that is shorter than one segment: `'drop'` (default), or `'pad'` with zeros to one. */
  short?: 'drop' | 'pad';
  /** As {@link ListCorpusOptions}. */
  validationFraction?: number;
  /** Threads that work, 0 to 256; 0 and 1: the calling one. Default: as many as the machine has processors, 8 at most. */
  workers?: number;
  /** Called at most every 50 ms or so, and at the end. An error that it throws ends the preparation. */
  onProgress?: (progress: PrepareProgress) => void;
  /** Stops it; a later call with the same settings goes on. */
  signal?: AbortSignal;
}

const path = z.string({ error: 'Expected a path' }).min(1, { error: 'Expected a path' });

const schema = optionsObject({
  corpus: corpusKind,
  folder: path,
  out: path,
  sampleRate: sampleRateField.default(22_050),
  skipSeconds: nonNegativeNumber.max(86_400, { error: 'Expected a day at most' }).default(0.5),
  segmentSamples: wholeNumber(2, 2 ** 24).default(65_536),
  short: z.enum(['drop', 'pad'], { error: "Expected 'drop' or 'pad'" }).default('drop'),
  validationFraction: validationFraction.optional(),
  workers: wholeNumber(0, 256).optional(),
  onProgress: callback<(progress: PrepareProgress) => void>().optional(),
  signal: abortSignal.optional(),
});

/** @internal */
export type ResolvedPrepare = z.output<typeof schema> & { readonly settings: PreparationSettings };

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected
 */
export function resolvePrepareOptions(options: PrepareOptions): ResolvedPrepare {
  const resolved = parseOptions(schema, options, 'prepareCorpus options');
  const { corpus, sampleRate, skipSeconds, segmentSamples, short } = resolved;
  return {
    ...resolved,
    settings: {
      corpus,
      sampleRate,
      skipSeconds,
      segmentSamples,
      short,
      validationFraction: resolveValidationFraction(corpus, resolved.validationFraction),
    },
  };
}
