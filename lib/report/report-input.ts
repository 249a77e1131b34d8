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
