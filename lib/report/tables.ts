import { thin } from './curve-plot.js';
import {
  describeMetric,
  formatMetric,
  kindName,
  type MetricCell,
  metricGrid,
  orderedMetrics,
} from './metrics.js';
import { html, type Markup, section } from './page.js';
import { formatCount, formatSeconds } from './text-table.js';
import type {
  ReportedMetrics,
  ReportedModel,
  ReportedRun,
  ReportedValidation,
  ValidationMetric,
} from './types.js';

const DIRECTION = { higher: 'higher is better', lower: 'lower is better' };

/** Metrics of one reconstruction, with what they mean. */
export function metricsTable(metrics: ReportedMetrics): Markup {
  const rows = orderedMetrics(Object.keys(metrics)).map((key) => {
    const { name, unit, better, meaning, undefinedBecause } = describeMetric(key);
    const value = metrics[key];
    const defined = value !== null && value !== undefined;
    const cell = defined
      ? html`<td class="number">${formatMetric(key, value)}${unit && ` ${unit}`}</td>`
      : html`<td class="number why">${undefinedBecause}</td>`;
    return html`<tr><th scope="row">${name}</th>${cell}<td class="after-number">${DIRECTION[better]}</td><td class="hide-narrow">${meaning}</td></tr>
`;
  });
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Metric</th><th scope="col" class="number">Value</th><th scope="col" class="after-number">Direction</th><th scope="col" class="hide-narrow">Meaning</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

/** Heads of columns of metrics. */
export function metricHeads(keys: readonly string[]): Markup[] {
  return keys.map((key) => {
    const { name, unit, better, meaning } = describeMetric(key);
    const arrow = better === 'higher' ? '↑' : '↓';
    return html`<th scope="col" class="number" title="${meaning}">${name}${unit && ` (${unit})`} <span role="img" aria-label="${DIRECTION[better]}">${arrow}</span></th>`;
  });
}

/** One row of metrics. */
export function metricData(cells: readonly MetricCell[]): Markup[] {
  return cells.map(({ key, value, text, best }) => {
    if (value === undefined) return html`<td class="number">${text}</td>`;
    if (value === null) {
      return html`<td class="number why" title="${describeMetric(key).undefinedBecause}">undefined</td>`;
    }
    return html`<td class="number${best && ' best'}">${text}</td>`;
  });
}

/** Metrics of several models, a row a model, the best of each column marked. */
export function comparisonTable(models: readonly (ReportedModel & { label: string })[]): Markup {
  const keys = orderedMetrics(models.flatMap(({ metrics }) => Object.keys(metrics)));
  const grid = metricGrid(
    keys,
    models.map(({ metrics }) => metrics),
  );
  const rows = models.map(
    ({ label, parameters, seconds }, index) =>
      html`<tr><th scope="row">${label}</th><td class="number">${formatCount(parameters)}</td>${metricData(grid[index] ?? [])}<td class="number">${formatSeconds(seconds)}</td></tr>
`,
  );
  return html`<div class="scroll"><table class="comparison">
<thead><tr><th scope="col">Network</th><th scope="col" class="number">Parameters</th>${metricHeads(keys)}<th scope="col" class="number">Time</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
<p class="note">The best value of each metric is marked; arrows say which way a metric improves.</p>`;
}

/** Everything that was set, in groups. */
export function settingsTables(
  models: readonly (ReportedModel & { label: string })[],
  run: ReportedRun,
): Markup {
  const groups = [
    ...models.map((model) => ({
      title: `Network: ${model.label}`,
      rows: [
        ['parameters', String(model.parameters)],
        ...flatten(model.options),
        ['steps done', String(model.steps)],
        ['time', formatSeconds(model.seconds)],
        ['time a step', `${(model.secondsPerStep * 1000).toFixed(1)} ms`],
      ] as Row[],
    })),
    { title: 'Training', rows: flatten(run.training) },
    {
      title: 'Machine',
      rows: [
        ['device', run.device],
        ['threads', String(run.threads)],
        ...Object.entries(run.versions),
      ] as Row[],
    },
  ];
  return groupedRows(groups);
}

/** Facts under the titles of their groups; what is nested gets dotted names. */
export function factsTables(
  facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Markup {
  return groupedRows(
    Object.entries(facts).map(([title, group]) => ({ title, rows: flatten(group) })),
  );
}

function groupedRows(groups: readonly { title: string; rows: readonly Row[] }[]): Markup {
  return html`<div class="settings">${groups.map(
    ({ title, rows }) => html`<div><h3>${title}</h3><table><tbody>
${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)}</tbody></table></div>`,
  )}</div>`;
}

type Row = readonly [name: string, value: string];

/** Nested options as rows with dotted names. */
function flatten(options: Readonly<Record<string, unknown>>, prefix = ''): Row[] {
  return Object.entries(options).flatMap(([key, value]): Row[] => {
    const name = prefix + key;
    if (value === undefined) return [];
    const nested = (item: unknown) => item !== null && typeof item === 'object';
    if (Array.isArray(value) && !value.some((item) => nested(item) && !Array.isArray(item))) {
      return [[name, value.length > 0 ? value.join(', ') : 'none']];
    }
    if (nested(value)) {
      return flatten(value as Readonly<Record<string, unknown>>, `${name}.`);
    }
    if (typeof value === 'boolean') return [[name, value ? 'yes' : 'no']];
    return [[name, String(value ?? 'none')]];
  });
}

/** A label for each model, the kind's usual name unless another was given. */
export function labelled<T extends ReportedModel>(model: T): T & { label: string } {
  return { ...model, label: model.label ?? kindName(model.kind) };
}

/** Rows of the table, about; those that are best in something come in addition. */
const ROWS = 30;

/** A row a validation: of many some at equal distances, and those that are best in something. */
export function validationsSection(
  validations: readonly ReportedValidation[],
  columns: readonly ValidationMetric[],
  bestStep: number | undefined,
): Markup | undefined {
  if (validations.length === 0) return undefined;
  const keys = ['loss', ...columns];
  const grid = metricGrid(keys, validations.map(metricsOf));
  const all = validations.map((validation, index) => ({ validation, cells: grid[index] ?? [] }));
  const spread = new Set(thin(all, ROWS));
  const shown = all.filter(
    (row) =>
      spread.has(row) || row.validation.step === bestStep || row.cells.some(({ best }) => best),
  );
  const rows = shown.map(({ validation: { epoch, step, seconds }, cells }) => {
    const best = step === bestStep;
    return html`<tr class="${best && 'kept'}"><th scope="row">${epoch}${best && html` <span class="tag">best</span>`}</th><td class="number">${formatCount(step)}</td>${metricData(cells)}<td class="number">${formatSeconds(seconds)}</td></tr>
`;
  });
  const left =
    shown.length < all.length
      ? ` ${formatCount(shown.length)} of ${formatCount(all.length)} validations are shown.`
      : '';
  return section(
    'Validations',
    html`<div class="scroll"><table class="comparison">
<thead><tr><th scope="col">Epoch</th><th scope="col" class="number">Step</th>${metricHeads(keys)}<th scope="col" class="number">Time</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
<p class="note">Means over the validation part. The best value of each column is marked; arrows say which way it improves.${left}</p>`,
  );
}

/** The loss of a validation and what else it measured. */
export function metricsOf(
  validation: ReportedValidation,
): Partial<Record<ValidationMetric | 'loss', number | null>> {
  const { kind: _kind, step: _step, epoch: _epoch, seconds: _seconds, ...metrics } = validation;
  return metrics;
}
