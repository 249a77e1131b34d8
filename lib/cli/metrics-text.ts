import {
  bestIndex,
  describeMetric,
  formatMetric,
  kindName,
  orderedMetrics,
} from '../report/metric-names.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import { textTable } from './text-table.js';

type MetricValues = Readonly<Record<string, number | null>>;

/** Metrics of one reconstruction as a table; where one is undefined, the reason. */
export function metricsText(metrics: MetricValues): string {
  const rows = orderedMetrics(Object.keys(metrics)).map((key) => {
    const { name, unit, better, undefinedBecause } = describeMetric(key);
    const value = metrics[key];
    const remark = value === null ? undefinedBecause : `${better} is better`;
    return [name, formatMetric(key, value), value === null ? '' : unit, remark];
  });
  return textTable(
    [{ title: 'Metric' }, { title: 'Value', align: 'right' }, { title: '' }, { title: '' }],
    rows,
  );
}

/** Metrics of several networks, a row a network, a star at the best of each column. */
export function comparisonText(
  models: readonly { kind: string; parameters: number; metrics: MetricValues; seconds: number }[],
): string {
  const keys = orderedMetrics(models.flatMap(({ metrics }) => Object.keys(metrics)));
  const best = keys.map((key) =>
    bestIndex(
      key,
      models.map(({ metrics }) => metrics[key]),
    ),
  );
  const rows = models.map(({ kind, parameters, metrics, seconds }, row) => [
    kindName(kind),
    formatCount(parameters),
    ...keys.map(
      (key, column) => `${formatMetric(key, metrics[key])}${best[column] === row ? '*' : ' '}`,
    ),
    formatSeconds(seconds),
  ]);
  const columns = [
    { title: 'Network' },
    { title: 'Parameters', align: 'right' as const },
    ...keys.map((key) => {
      const { name, unit, better } = describeMetric(key);
      return {
        title: `${name}${unit && ` ${unit}`} ${better === 'higher' ? '↑' : '↓'} `,
        align: 'right' as const,
      };
    }),
    { title: 'Time', align: 'right' as const },
  ];
  return `${textTable(columns, rows)}\n* best; ↑ higher is better, ↓ lower is better`;
}
