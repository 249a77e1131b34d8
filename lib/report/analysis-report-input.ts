import { FewSoundError } from '../errors.js';

/** How frequencies are spaced: in equal steps, or in equal ratios. */
export type FrequencyScale = 'fourier' | 'log';

/** Values over time and frequency. */
export interface ResponseMap {
  /** [bins] Hz, ascending. */
  readonly frequencies: ArrayLike<number>;
  /** [frames] seconds. */
  readonly times: ArrayLike<number>;
  /** STRS [bins, frames], row by row. */
  readonly strs: ArrayLike<number>;
}

/** How a layer responds to one recording, over time and frequency and on average. */
export interface ReportedResponse extends ResponseMap {
  /** What to call the recording. */
  readonly name: string;
  /** CRS [bins]. */
  readonly crs: ArrayLike<number>;
}

/** One response minus another, over time and frequency and on average. */
export interface ReportedDifference extends ResponseMap {
  /** What was subtracted from what. */
  readonly name: string;
  /** Of the CRS [bins]. */
  readonly crs: ArrayLike<number>;
}

/** CRS of the recordings of one class. */
export interface ReportedClass {
  readonly label: string;
  readonly count: number;
  /** [bins] */
  readonly mean: ArrayLike<number>;
  /** [bins] */
  readonly deviation: ArrayLike<number>;
}

/** CRS of several classes on one axis. */
export interface ReportedClasses {
  readonly axis: FrequencyScale;
  /** [bins] Hz. */
  readonly frequencies: ArrayLike<number>;
  readonly classes: readonly ReportedClass[];
}

/** Wigner-Ville contours of a bank of filters. */
export interface ReportedContours {
  /** What to call the bank. */
  readonly name: string;
  /** Seconds that the filters last. */
  readonly duration: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Part of each filter's highest value at which its contour lies. */
  readonly threshold: number;
  readonly filters: readonly {
    /** Closed lines of points [seconds, Hz]. */
    readonly polygons: readonly (readonly (readonly [number, number])[])[];
    /** Energy, 0 to 1. */
    readonly grey: number;
  }[];
}

/** The geometry of a layer. Angles in degrees. */
export interface ReportedLayer {
  readonly name: string;
  readonly kind: string;
  /** Whether a shortcut is added to its output. */
  readonly residual: boolean;
  readonly atoms: number;
  readonly dimension: number;
  readonly A: number;
  readonly B: number;
  readonly lambdaMinPlus: number;
  readonly betaMin: number;
  readonly betaAvg: number;
  readonly betaMse: number;
  readonly mu: number;
  readonly muAvg: number;
  readonly muMse: number;
  /** Sums of the largest coherences: entry m - 1 of m of them. */
  readonly babel?: ArrayLike<number>;
  /** [dimension], descending. */
  readonly eigenvalues?: ArrayLike<number>;
  /** How far the worst direction is from its nearest atom. */
  readonly gap?: { readonly betaGap: number; readonly betaGapAvg: number; readonly exact: boolean };
}

/** The layers of a model, or of a model at one time of its training. */
export interface ReportedLayers {
  /** What to call the model. */
  readonly name: string;
  readonly layers: readonly ReportedLayer[];
}

/** What a report of an analysis shows; each part may be absent. */
export interface AnalysisReportInput {
  readonly title: string;
  /** One sentence below the title. */
  readonly summary: string;
  readonly responses?: {
    readonly axis: FrequencyScale;
    readonly recordings: readonly ReportedResponse[];
    /** A surface that turns, of the first recording. It makes the page about 2 MB larger. Default false. */
    readonly surface?: boolean;
  };
  readonly classes?: ReportedClasses;
  readonly differences?: {
    readonly axis: FrequencyScale;
    readonly differences: readonly ReportedDifference[];
  };
  readonly contours?: readonly ReportedContours[];
  /** Layers of models: several are put side by side, and their course is drawn where they have the same layers. */
  readonly models?: readonly ReportedLayers[];
  /** What was analysed and how, in groups. */
  readonly facts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Default: now. */
  readonly date?: Date;
  /** Of fewsound. */
  readonly version?: string;
}

/** Refuses what cannot be drawn. */
export function checkAnalysisReportInput(input: AnalysisReportInput): void {
  const { responses, classes, differences, contours, models } = input;
  const maps = [...(responses?.recordings ?? []), ...(differences?.differences ?? [])];
  for (const { name, frequencies, times, strs, crs } of maps) {
    const [bins, frames] = [frequencies.length, times.length];
    if (bins < 2 || frames === 0 || strs.length !== bins * frames || crs.length !== bins) {
      throw invalid(
        'responses',
        `the response to '${name}' has ${strs.length} values of STRS and ${crs.length} of CRS for ${bins} frequencies and ${frames} times`,
      );
    }
  }
  for (const { label, mean, deviation } of classes?.classes ?? []) {
    const bins = classes?.frequencies.length;
    if (mean.length !== bins || deviation.length !== bins) {
      throw invalid(
        'classes',
        `the class '${label}' has not one value for each of ${bins} frequencies`,
      );
    }
  }
  const layers = models?.flatMap((model) => model.layers);
  const parts = [
    responses?.recordings,
    classes?.classes,
    differences?.differences,
    contours,
    layers,
  ];
  if (parts.every((part) => part === undefined || part.length === 0)) {
    throw invalid(
      'responses',
      'there is nothing to report: give responses, classes, differences, contours or models with layers',
    );
  }
}

function invalid(field: string, message: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', `${message}.`, { field });
}
