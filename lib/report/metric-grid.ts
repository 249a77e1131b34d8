import { bestIndex, describeMetric, formatMetric } from './metric-names.js';
import type { MetricValue, ReportedMetrics } from './report-input.js';

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
