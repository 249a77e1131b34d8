export {
  type ClassifierValidation,
  type EpochWeights,
  epochWeights,
  type TrainClassifierOptions,
} from './classifier/classifier-options.js';
export type { ClassifierEvaluation, ConfusionMatrix } from './classifier/evaluate-classifier.js';
export { type TrainClassifierResult, trainClassifier } from './classifier/train-classifier.js';
export { type FitEnd, type FitResult, fit } from './fit.js';
export {
  type FitAllOptions,
  type FitAllProgress,
  type FittedClip,
  fitAll,
} from './fit-all.js';
export { type FitLongOptions, type FitLongProgress, fitLong } from './fit-long.js';
export type {
  CheckpointOptions,
  EarlyStopOptions,
  FitOptions,
  FitProgress,
} from './fit-options.js';
export { type TrainResult, train } from './hyper/train.js';
export type { Ramp, TrainOptions } from './hyper/train-options.js';
export { defaultLearningRates } from './learning-rates.js';
export { melStftLoss, ReconstructionLoss } from './loss.js';
export type { LossOptions } from './loss-options.js';
export { MetricsLog, readMetricsLog } from './metrics-log.js';
export type {
  MetricsRecord,
  StepRecord,
  ValidationRecord,
  WarningRecord,
} from './metrics-record.js';
export { AdamW, type AdamWOptions, type AdamWState } from './optimizer.js';
export {
  ProcessGroup,
  type ProcessGroupOptions,
  processGroupFromEnvironment,
} from './process-group.js';
export { type RunFiles, runFiles } from './run/run-files.js';
export type { TrainProgress, ValidationResult } from './run/train-progress.js';
export { learningRateAt, type RateSchedule, type ScheduledRate } from './schedule.js';
export type {
  ConstantSchedule,
  CosineSchedule,
  OneCycleSchedule,
  Schedule,
  ScheduleKind,
} from './schedule-options.js';
export {
  type LoggedSound,
  type TensorBoardOptions,
  TensorBoardWriter,
} from './tensorboard/event-writer.js';
export type { TrainingWarning } from './training-warning.js';
