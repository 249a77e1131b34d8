import {
  describeColumn,
  formatMetric,
  metrics as known,
  orderedMetrics,
  whyUndefined,
} from '../../metrics/registry.js';
import { type MetricValues, metricGrid, metricTitle } from '../../report/tables.js';
import { formatCount, formatSeconds, textTable } from '../../report/text-table.js';

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
    const { title, unit = '', better } = describeColumn(key);
    const value = metrics[key];
    const remark = value === null ? whyUndefined(key) : `${better} is better`;
    return [title, formatMetric(key, value), value === null ? '' : unit, remark];
  });
  return textTable(
    [{ title: 'Metric' }, { title: 'Value', align: 'right' }, { title: '' }, { title: '' }],
    rows,
  );
}

/** What as many numbers hold without a network: a line. */
export function yardstickText({
  coefficients,
  metrics,
}: {
  readonly coefficients: number;
  readonly metrics: MetricValues;
}): string {
  const heard = (['siSnr', 'pesq'] as const).map((key) => {
    const { title, unit = '' } = describeColumn(key);
    return `${title} ${formatMetric(key, metrics[key])}${unit && ` ${unit}`}`;
  });
  return `As many numbers without a network (the ${formatCount(coefficients)} largest MDCT coefficients): ${heard.join(', ')}`;
}

/** A row of a comparison. */
interface ComparedRow {
  readonly name: string;
  readonly parameters: number;
  readonly metrics: MetricValues;
  /** Absent in that of the yardstick. */
  readonly seconds?: number;
}

/**
 * Metrics of several networks, a row a network, a star at the best of each column.
 *
 * @param yardstick the last row, which does not compete
 */
export function comparisonText(models: readonly ComparedRow[], yardstick: ComparedRow): string {
  const all = [...models, yardstick];
  const keys = orderedMetrics(all.flatMap(({ metrics }) => Object.keys(metrics)));
  const grid = metricGrid(
    keys,
    all.map(({ metrics }) => metrics),
    models.length,
  );
  const rows = all.map(({ name, parameters, seconds }, row) => [
    name,
    formatCount(parameters),
    ...(grid[row] ?? []).map(({ text, best }) => `${text}${best ? '*' : ' '}`),
    seconds === undefined ? '' : formatSeconds(seconds),
  ]);
  const columns = [
    { title: 'Network' },
    { title: 'Parameters', align: 'right' as const },
    ...keys.map((key) => ({ title: `${metricTitle(key)} `, align: 'right' as const })),
    { title: 'Time', align: 'right' as const },
  ];
  return `${textTable(columns, rows)}\n* best; ↑ higher is better, ↓ lower is better`;
}
