export type {
  ConstantSchedule,
  CosineSchedule,
  EarlyStopOptions,
  LossOptions,
  OneCycleSchedule,
  Schedule,
} from '../options.generated.js';
export type { FitEnd } from './checkpoint.js';
export type { ClassifierEvaluation, ConfusionMatrix } from './evaluate-classifier.js';
export { type FitFromResult, type FitResult, fit, type RecipeResult } from './fit.js';
export {
  type FitAllOptions,
  type FitAllProgress,
  type FittedClip,
  fitAll,
} from './fit-all.js';
export {
  type FitLongOptions,
  type FitLongProgress,
  type FittedPiece,
  fitLong,
} from './fit-long.js';
export type {
  CheckpointOptions,
  FitOptions,
  FitProgress,
  TrainingWarning,
} from './fit-options.js';
export { melStftLoss, ReconstructionLoss } from './loss.js';
export type {
  MetricsRecord,
  StepRecord,
  ValidationRecord,
  WarningRecord,
} from './metrics-log.js';
export { MetricsLog, readMetricsLog } from './metrics-log.js';
export { AdamW, type AdamWOptions, type AdamWState } from './optimizer.js';
export {
  ProcessGroup,
  type ProcessGroupOptions,
  processGroupFromEnvironment,
} from './process-group.js';
export {
  type FitFromOptions,
  type Recipe,
  type RecipeName,
  type RecipeNetwork,
  type RecipeOptions,
  recipeFor,
  recipeNames,
} from './recipes.js';
export { type RunFiles, runFiles } from './run-files.js';
export {
  learningRateAt,
  type RateSchedule,
  type ScheduledRate,
  type ScheduleKind,
} from './schedule.js';
export type { FitStart } from './start.js';
export {
  type LoggedSound,
  type TensorBoardOptions,
  TensorBoardWriter,
} from './tensorboard.js';
export { type TrainResult, train } from './train.js';
export { type TrainClassifierResult, trainClassifier } from './train-classifier.js';
export {
  type ClassifierValidation,
  type EpochWeights,
  epochWeights,
  type TrainClassifierOptions,
} from './train-classifier-options.js';
export type { Ramp, TrainOptions } from './train-options.js';
export type { TrainProgress, ValidationResult } from './training-run.js';
export { type Attempt, isTransparent, type TransparencyMetrics } from './transparent.js';
