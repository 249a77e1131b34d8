import {
  describeMetric,
  formatMetric,
  metrics as known,
  orderedMetrics,
  whyUndefined,
} from '../../metrics/registry.js';
import { type MetricValues, metricGrid, metricTitle } from '../../report/tables.js';
import { formatCount, formatSeconds, kindName, textTable } from '../../report/text-table.js';

/** All metrics by their titles, with the commands that some of them need first. */
export function listedMetrics(): string {
  const titles = known.map(({ title, needs }) =>
    needs?.setup ? `${title} (after \`fewsound setup ${needs.setup.name}\`)` : title,
  );
  return new Intl.ListFormat('en').format(titles);
}

/** Metrics of one reconstruction as a table; where one is undefined, the reason. */
export function metricsText(metrics: MetricValues): string {
  const rows = orderedMetrics(Object.keys(metrics)).map((key) => {
    const { title, unit = '', better } = describeMetric(key);
    const value = metrics[key];
    const remark = value === null ? whyUndefined(key) : `${better} is better`;
    return [title, formatMetric(key, value), value === null ? '' : unit, remark];
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
