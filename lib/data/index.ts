/**
 * Corpora, their segments on disk, augmented batches, recordings by classes.
 *
 * @module fewsound/data
 */

export { type AugmentationOptions, allPass } from './augmentation.js';
export type { SpoofTask } from './classes/asvspoof.js';
export { ClassBatches, type ClassBatchesOptions } from './classes/class-batches.js';
export { type ClassSource, classSourceKinds, listClasses } from './classes/class-source.js';
export { LabeledClips, type LabeledClipsOptions } from './classes/labeled-clips.js';
export {
  type DigitTask,
  digitTasks,
  type LabeledFile,
  type LabeledFiles,
  type ListedClasses,
} from './classes/labeled-files.js';
export {
  type ClassSplit,
  stratifiedFolds,
  stratifiedSplit,
  takeOfEachClass,
} from './classes/stratified.js';
export {
  type CorpusFile,
  type CorpusFiles,
  type CorpusKind,
  corpusKinds,
  type LeftOut,
  type LeftOutReason,
  type ListCorpusOptions,
  leftOutReasons,
  listCorpus,
} from './corpora/index.js';
export type { BadFileProblem, Split } from './manifest.js';
export { type PrefetchedBatch, type PrefetchOptions, prefetch } from './prefetch.js';
export {
  type BadFile,
  type PreparedSplit,
  type PrepareResult,
  prepareCorpus,
} from './prepare-corpus.js';
export type { PrepareOptions, PrepareProgress } from './prepare-options.js';
export { openCorpus, PreparedCorpus } from './prepared-corpus.js';
export { type Segment, SegmentStore } from './segment-store.js';
export {
  type BatchShard,
  type BatchSource,
  TrainingBatches,
  type TrainingBatchesOptions,
} from './training-batches.js';
export { ValidationBatches, type ValidationBatchesOptions } from './validation-batches.js';
