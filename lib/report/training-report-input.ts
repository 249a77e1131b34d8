import type { MetricName, Metrics } from '../metrics/index.js';
import type { ReportedMetrics } from './report-input.js';

/** An update of the weights, as the log of a training has it; its other fields are not shown. */
export interface ReportedStep {
  readonly kind: 'step';
  /** Updates done, from 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  readonly learningRate: number;
  readonly gradNorm?: number | null;
  /** Wall-clock time since the training began. */
  readonly seconds: number;
}

/** What a validation measures beside the loss. */
export type ValidationMetric = MetricName | 'accuracy';

/** A pass over the validation part: means of the loss and of metrics. */
export type ReportedValidation = {
  readonly kind: 'validation';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  readonly seconds: number;
  /** Of a classifier: part of the recordings that it took for what they are. */
  readonly accuracy?: number | null;
} & Readonly<Partial<Metrics>>;

/** What a training noticed, and went on in spite of. */
export interface ReportedWarning {
  readonly kind: 'warning';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  readonly message: string;
  readonly seconds: number;
}

/** A recording of the validation part, and what the model makes of it. */
export interface ReportedReconstruction {
  readonly name: string;
  /** Hz. */
  readonly sampleRate: number;
  /** [samples] */
  readonly original: Float32Array;
  /** As many samples; NaN where the training came to nothing. */
  readonly reconstruction: Float32Array;
  readonly metrics: ReportedMetrics;
}

/** What the reports of all trainings show. */
export interface ReportedTraining {
  readonly title: string;
  /** A sentence below the title; by default how far the training came. */
  readonly summary?: string;
  /** By default now. */
  readonly date?: Date;
  /** Of fewsound, for the header and the footer. */
  readonly version?: string;
  /** What was trained on what, where: groups of names and values, such as Model, Target, Corpus, Machine. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** In the order of the log, where steps and validations alternate. May be empty. */
  readonly records: readonly (ReportedStep | ReportedValidation | ReportedWarning)[];
  /** Step of the validation whose weights are kept as the best. */
  readonly bestStep?: number;
  /** Curves are then over epochs, else over steps. */
  readonly stepsPerEpoch?: number;
  /** Steps that the training was to have; a report of fewer says that it was stopped. */
  readonly plannedSteps?: number;
}

/** Input of `writeTrainingReport`. */
export interface TrainingReportInput extends ReportedTraining {
  /** In the order of the page. May be empty. */
  readonly reconstructions: readonly ReportedReconstruction[];
  /** Metrics of the validations in the order of the columns; by default all that were recorded. */
  readonly columns?: readonly ValidationMetric[];
}
