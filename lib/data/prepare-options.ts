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

/** The progress of a preparation. */
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
  /** Where to put the result: a new or empty folder, or one prepared with the same settings. */
  out: string;
  /** Hz, 1 to 4,000,000. Default 22,050. */
  sampleRate?: number;
  /** Seconds dropped at the beginning of every recording, 0 or more. Default 0.5. */
  skipSeconds?: number;
  /** Samples of a segment, 2 to 16,777,216. Default 65,536. */
  segmentSamples?: number;
  /** Whether to drop recordings shorter than a segment (default) or to pad them with zeros. */
  short?: 'drop' | 'pad';
  /** As {@link ListCorpusOptions}. */
  validationFraction?: number;
  /** Worker threads, 0 to 256; 0 and 1: none. Default: one for each processor, 8 at most. */
  workers?: number;
  /** Called at most every 50 ms or so, and at the end. If it throws, the preparation stops. */
  onProgress?: (progress: PrepareProgress) => void;
  /** Stops it; a later call with the same settings resumes. */
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

export type ResolvedPrepare = z.output<typeof schema> & { readonly settings: PreparationSettings };

/** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
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
