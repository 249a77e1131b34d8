import type { MetricValue, ReportedMetrics } from './types.js';

/** How a metric is shown, and which way it improves. */
export interface MetricDescription {
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly meaning: string;
  /** Why there may be no number. */
  readonly undefinedBecause: string;
}

const SILENT_ORIGINAL = 'undefined: the original is silent';

/** The loss, the accuracy of classifiers and the metrics of `evaluate`, in the order in which tables show them. */
const METRICS: Readonly<Record<string, MetricDescription>> = {
  loss: {
    name: 'Loss',
    unit: '',
    better: 'lower',
    meaning: 'what the training minimises',
    undefinedBecause: 'not finite',
  },
  accuracy: {
    name: 'Accuracy',
    unit: '%',
    better: 'higher',
    meaning: 'part of the recordings that were taken for what they are',
    undefinedBecause: 'undefined',
  },
  mse: {
    name: 'MSE',
    unit: '',
    better: 'lower',
    meaning: 'mean squared error of the samples',
    undefinedBecause: 'undefined',
  },
  mae: {
    name: 'MAE',
    unit: '',
    better: 'lower',
    meaning: 'mean absolute error of the samples',
    undefinedBecause: 'undefined',
  },
  psnr: {
    name: 'PSNR',
    unit: 'dB',
    better: 'higher',
    meaning: 'squared range of the original over the squared error',
    undefinedBecause: 'undefined: the original is silent, or nothing differs',
  },
  snr: {
    name: 'SNR',
    unit: 'dB',
    better: 'higher',
    meaning: 'energy of the original over the energy of the error',
    undefinedBecause: SILENT_ORIGINAL,
  },
  siSnr: {
    name: 'SI-SNR',
    unit: 'dB',
    better: 'higher',
    meaning: 'signal-to-noise ratio that ignores level and offset',
    undefinedBecause: 'undefined: one of the signals is silent or constant',
  },
  lsd: {
    name: 'LSD',
    unit: '',
    better: 'lower',
    meaning: 'log-spectral distance: how far the spectra are apart, frame by frame',
    undefinedBecause: SILENT_ORIGINAL,
  },
  wd: {
    name: 'WD',
    unit: '',
    better: 'lower',
    meaning: 'Wasserstein distance of the spectra, weighted towards high frequencies',
    undefinedBecause: 'undefined: one of the signals is silent',
  },
  pesq: {
    name: 'PESQ',
    unit: '',
    better: 'higher',
    meaning: 'perceived speech quality, wide band (P.862.2 of 2005), 1.02 to 4.64',
    undefinedBecause:
      'undefined: no speech was found, or PESQ is not set up (npx fewsound setup pesq)',
  },
  stoi: {
    name: 'STOI',
    unit: '',
    better: 'higher',
    meaning: 'short-time intelligibility, 0 to 1',
    undefinedBecause: SILENT_ORIGINAL,
  },
  estoi: {
    name: 'ESTOI',
    unit: '',
    better: 'higher',
    meaning: 'extended short-time intelligibility, 0 to 1',
    undefinedBecause: SILENT_ORIGINAL,
  },
  cdpam: {
    name: 'CDPAM',
    unit: '',
    better: 'lower',
    meaning: 'perceptual distance that a network learned from listeners',
    undefinedBecause: 'undefined: CDPAM is not set up (npx fewsound setup cdpam)',
  },
};

const ORDER = Object.keys(METRICS);

/** Description of a metric by its name in `evaluate`; one that is not known here gets its name. */
export function describeMetric(key: string): MetricDescription {
  return (
    METRICS[key] ?? {
      name: key,
      unit: '',
      better: 'lower',
      meaning: '',
      undefinedBecause: 'undefined',
    }
  );
}

/** Names in the order of tables, those not known here last. */
export function orderedMetrics(keys: Iterable<string>): string[] {
  const place = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  return [...new Set(keys)].sort((a, b) => place(a) - place(b));
}

/** A metric's number in its unit: parts of a whole are shown in percent. */
export function inUnit(key: string, value: number): number {
  return describeMetric(key).unit === '%' ? 100 * value : value;
}

/** A metric's number as tables show it, four significant digits; a dash where it is undefined or not finite. */
export function formatMetric(key: string, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const { unit } = describeMetric(key);
  const shown = inUnit(key, value);
  const text = unit === '' ? fourDigits(shown) : shown.toFixed(2);
  // No minus before what rounds to zero.
  return text.replace(/^-(?=[0.]+$)/, '').replace(/-/g, '−');
}

function fourDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  return size < 1e-3 || size >= 1e5 ? value.toExponential(3) : String(value.toPrecision(4));
}

/** Index of the best value of a metric, or undefined where there is nothing to compare. */
export function bestIndex(
  key: string,
  values: readonly (number | null | undefined)[],
): number | undefined {
  const sign = describeMetric(key).better === 'higher' ? 1 : -1;
  let best: number | undefined;
  values.forEach((value, index) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    if (best === undefined || sign * value > sign * (values[best] as number)) best = index;
  });
  return values.length > 1 ? best : undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  kan: 'KAN',
  nerf: 'NeRF',
  siren: 'SIREN',
  rff: 'RFF',
  finer: 'FINER',
  wire: 'WIRE',
};

const LONG_NAMES: Readonly<Record<string, string>> = { kan: 'Kolmogorov-Arnold network (KAN)' };

/** A network's name in a sentence. */
export function kindInWords(kind: string): string {
  return LONG_NAMES[kind] ?? `${kindName(kind)} network`;
}

/** A network's usual name. */
export function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}

/** A metric of one row of a table. */
export interface MetricCell {
  readonly key: string;
  /** Undefined where it was not measured. */
  readonly value: MetricValue | undefined;
  /** As tables show it; a dash where there is no number. */
  readonly text: string;
  /** The best of its column, where there is more than one row. */
  readonly best: boolean;
}

/** Metrics of several rows, [rows, keys], with the best of each column known. */
export function metricGrid(
  keys: readonly string[],
  rows: readonly ReportedMetrics[],
): MetricCell[][] {
  const best = new Map(
    keys.map((key) => [
      key,
      bestIndex(
        key,
        rows.map((metrics) => metrics[key]),
      ),
    ]),
  );
  return rows.map((metrics, row) =>
    keys.map((key) => {
      const value = metrics[key];
      return { key, value, text: formatMetric(key, value), best: best.get(key) === row };
    }),
  );
}

/** Name, unit and an arrow to where a metric improves, for the head of a column. */
export function metricTitle(key: string): string {
  const { name, unit, better } = describeMetric(key);
  return `${name}${unit && ` ${unit}`} ${better === 'higher' ? '↑' : '↓'}`;
}
