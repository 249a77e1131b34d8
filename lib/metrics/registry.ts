import { cdpamMetric } from './cdpam/cdpam.js';
import { maeMetric, mseMetric, psnrMetric, siSnrMetric, snrMetric } from './distortion.js';
import { lsdMetric } from './log-spectral-distance.js';
import type { Metric, MetricDescription } from './metric.js';
import { pesqMetric } from './pesq/pesq.js';
import { estoiMetric, stoiMetric } from './stoi.js';
import { wdMetric } from './wasserstein.js';

/** Every metric, in the order of tables. */
const all = [
  mseMetric,
  maeMetric,
  psnrMetric,
  snrMetric,
  siSnrMetric,
  lsdMetric,
  wdMetric,
  pesqMetric,
  stoiMetric,
  estoiMetric,
  cdpamMetric,
];

/** A metric's name in {@link evaluate}. */
export type MetricName = (typeof all)[number]['name'];

/**
 * A number for each metric; null where it is undefined for these signals. Never NaN or infinite.
 */
export type Metrics<Name extends MetricName = MetricName> = Record<Name, number | null>;

/** @internal */
export const metrics: readonly Metric<MetricName>[] = all;

/** Names of the metrics, in the order of tables. */
export const metricNames: readonly MetricName[] = metrics.map(({ name }) => name);

/** Metrics in the tables of the FewSound paper, in its order. */
export const paperColumns: readonly MetricName[] = metrics
  .filter(({ paperColumn }) => paperColumn !== undefined)
  .sort((a, b) => (a.paperColumn as number) - (b.paperColumn as number))
  .map(({ name }) => name);

/** What is measured where nothing else is asked for. */
export function defaultMetrics(of: 'fits' | 'validations'): MetricName[] {
  return metrics.filter(({ leftOutOf }) => leftOutOf !== of).map(({ name }) => name);
}

/** What a training records besides metrics. */
const recorded: readonly MetricDescription[] = [
  {
    name: 'loss',
    title: 'Loss',
    better: 'lower',
    meaning: 'what the training minimizes',
    undefinedWhen: 'not finite',
  },
  {
    name: 'accuracy',
    title: 'Accuracy',
    unit: '%',
    better: 'higher',
    decimals: 2,
    meaning: 'part of the recordings that were classified correctly',
    inReports: { rank: 0, curve: 'linear' },
  },
];

/** The loss, the accuracy of classifiers and all metrics, in the order of tables. */
export const descriptions: readonly MetricDescription[] = [...recorded, ...metrics];

/** What there is to say about a metric, a loss or an accuracy. */
export function describeMetric(name: MetricName | 'loss' | 'accuracy'): MetricDescription {
  return describeColumn(name);
}

/** The same for any column of a table; of an unknown name, only the name. */
export function describeColumn(name: string): MetricDescription {
  const known = descriptions.find((each) => each.name === name);
  return known ?? { name, title: name, better: 'lower', meaning: '' };
}

/** Names in the order of tables, unknown ones last. */
export function orderedMetrics(names: Iterable<string>): string[] {
  const place = (name: string) => {
    const index = descriptions.findIndex((each) => each.name === name);
    return index === -1 ? descriptions.length : index;
  };
  return [...new Set(names)].sort((a, b) => place(a) - place(b));
}

/** A value in its unit: fractions become percent. */
export function inUnit(name: string, value: number): number {
  return describeColumn(name).unit === '%' ? 100 * value : value;
}

/** A value as tables show it, without its unit; a dash where it is undefined or not finite. */
export function formatMetric(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const { decimals } = describeColumn(name);
  const shown = inUnit(name, value);
  const text = decimals === undefined ? fourDigits(shown) : shown.toFixed(decimals);
  // No minus sign before what rounds to zero.
  return text.replace(/^-(?=[0.]+$)/, '').replace(/-/g, '−');
}

function fourDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  return size < 1e-3 || size >= 1e5 ? value.toExponential(3) : value.toPrecision(4);
}

/** `SI-SNR 24.25 dB`: a value with its title and its unit. */
export function metricInWords(name: string, value: number | null | undefined): string {
  const { title, unit } = describeColumn(name);
  const hasUnit = unit !== undefined && value !== null;
  return `${title} ${formatMetric(name, value)}${hasUnit ? ` ${unit}` : ''}`;
}

/** Whether the environment says to leave a metric out. */
export function isSkipped(name: string): boolean {
  return (process.env.FEWSOUND_SKIP_METRICS ?? '').split(',').includes(name);
}

/** Why a metric has no number. */
export function whyUndefined(name: string): string {
  const { title, undefinedWhen } = describeColumn(name);
  if (isSkipped(name)) return 'undefined: FEWSOUND_SKIP_METRICS leaves it out';
  const { setup, longest } = metrics.find((metric) => metric.name === name)?.needs ?? {};
  const reasons = [
    ...(undefinedWhen === undefined ? [] : [undefinedWhen]),
    ...(longest === undefined ? [] : [`sounds of more than ${longest} s are left out`]),
    ...(setup === undefined || setup.isDone()
      ? []
      : [`${title} is not set up (npx fewsound setup ${setup.name})`]),
  ];
  return ['undefined', ...(reasons.length > 0 ? [reasons.join(', or ')] : [])].join(': ');
}
