import type { ReportedLayer } from './analysis-report-input.js';
import type { ReportedTraining } from './training-report-input.js';

/** How often recordings of each class were taken for each class. */
export interface ReportedConfusion {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** [true class][class that it was taken for] */
  readonly counts: readonly (readonly number[])[];
}

/** What a classifier makes of recordings that training never heard. */
export interface ReportedTest {
  readonly recordings: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number | null;
  /** Part of the recordings that it took for what they are, 0 to 1. */
  readonly accuracy: number;
  readonly confusion: ReportedConfusion;
}

/** The geometry of a model's layers after an epoch. */
export interface ReportedEpoch {
  /** 0: before training. */
  readonly epoch: number;
  readonly layers: readonly ReportedLayer[];
}

/** Input of `writeClassifierReport`; the validations have an accuracy. */
export interface ClassifierReportInput extends ReportedTraining {
  /** Of the best model; absent where the training did not come to its end. */
  readonly test?: ReportedTest;
  /** In the order of the epochs, of which some may be left out. Default: none. */
  readonly geometry?: readonly ReportedEpoch[];
}
