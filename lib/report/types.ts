import type { MetricName, Metrics } from '../metrics/index.js';
import type { ReportedLayer } from './analysis-report-input.js';

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

/** A number of a metric, or null where the metric is undefined for the two signals. */
export type MetricValue = number | null;

/** Metrics by their names in `evaluate` (`mse`, `psnr`, `snr`, `siSnr`, `lsd`, `wd`, ...). */
export type ReportedMetrics = Readonly<Record<string, MetricValue>>;

/** Anything with samples and a rate; a `Clip` is one. */
export interface ReportedSound {
  readonly samples: Float32Array;
  /** Hz. */
  readonly sampleRate: number;
  /** The file it came from. */
  readonly source?: string;
}

/** A network that has been fitted, and what came out of it. */
export interface ReportedModel {
  /** `'kan'`, `'siren'`, ... */
  readonly kind: string;
  /** What to call it in headings; by default the kind's usual name. */
  readonly label?: string;
  /** Learnable numbers, as the paper counts them. */
  readonly parameters: number;
  /** Every option of the network, defaults included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As many samples as the original has, at its rate. */
  readonly reconstruction: Float32Array;
  readonly metrics: ReportedMetrics;
  /** Loss before each update, [steps]. */
  readonly losses: ArrayLike<number>;
  /** SI-SNR in dB at some of the steps, in order; null where it is undefined. */
  readonly siSnr?: readonly { readonly step: number; readonly siSnr: number | null }[];
  readonly steps: number;
  /** Wall-clock time of the fit. */
  readonly seconds: number;
  readonly secondsPerStep: number;
  /** What was noticed while it was fitted, such as an output that became constant. */
  readonly warnings?: readonly string[];
}

/** What the models of a report have in common: how, where and with what they were fitted. */
export interface ReportedRun {
  /** By default now. */
  readonly date?: Date;
  readonly device: string;
  readonly threads: number;
  /** Every training option, defaults included. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Versions by name; `fewsound` is the one in the header and the footer. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Input of `writeReport`. */
export interface ReportInput {
  /** By default made of the recording's and the model's names. */
  readonly title?: string;
  readonly original: ReportedSound;
  readonly model: ReportedModel;
  readonly run: ReportedRun;
}

/** Input of `writeComparisonReport`. */
export interface ComparisonReportInput {
  readonly title?: string;
  readonly original: ReportedSound;
  /** One or more, in the order of the columns and panels. */
  readonly models: readonly ReportedModel[];
  readonly run: ReportedRun;
}

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
