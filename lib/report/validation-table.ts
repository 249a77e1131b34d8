import { thin } from './curve-plot.js';
import { html, type Markup } from './html.js';
import { metricGrid } from './metric-grid.js';
import { formatCount, formatSeconds } from './numbers.js';
import { section } from './page.js';
import { metricData, metricHeads } from './tables.js';
import type { ReportedValidation, ValidationMetric } from './training-report-input.js';

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
