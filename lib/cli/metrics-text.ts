import { metricGrid, metricTitle } from '../report/metric-grid.js';
import { describeMetric, formatMetric, kindName, orderedMetrics } from '../report/metric-names.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import { textTable } from '../report/text-table.js';

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
  const grid = metricGrid(
    keys,
    models.map(({ metrics }) => metrics),
  );
  const rows = models.map(({ kind, parameters, seconds }, row) => [
    kindName(kind),
    formatCount(parameters),
    ...(grid[row] ?? []).map(({ text, best }) => `${text}${best ? '*' : ' '}`),
    formatSeconds(seconds),
  ]);
  const columns = [
    { title: 'Network' },
    { title: 'Parameters', align: 'right' as const },
    ...keys.map((key) => ({ title: `${metricTitle(key)} `, align: 'right' as const })),
    { title: 'Time', align: 'right' as const },
  ];
  return `${textTable(columns, rows)}\n* best; ↑ higher is better, ↓ lower is better`;
}
