import { type Metrics, orderedMetrics } from '../metrics/registry.js';
import { html, type Markup, note, table } from './page.js';
import { metricCells, metricHeads } from './sections.js';
import { metricGrid } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';

/** The recording as its largest MDCT coefficients: what networks are measured by. */
export interface ReportedYardstick {
  /** As many samples as the original has, at its rate. */
  readonly reconstruction: Float32Array;
  /** Coefficients kept, of two numbers each. */
  readonly coefficients: number;
  readonly numbers: number;
  readonly blockSize: number;
  readonly metrics: Readonly<Partial<Metrics>>;
}

/** A row of the table. */
interface ComparedNetwork {
  readonly label: string;
  readonly parameters: number;
  readonly metrics: Readonly<Partial<Metrics>>;
  readonly seconds: number;
}

/** What to call the yardstick in tables. */
export const YARDSTICK = 'MDCT';

export function yardstickSounds(yardstick: ReportedYardstick | undefined) {
  if (yardstick === undefined) return [];
  return [{ name: YARDSTICK, samples: yardstick.reconstruction }];
}

/**
 * Metrics of models, a row a model, the best of each column marked; the yardstick below them, which
 * does not compete.
 */
export function comparisonTable(
  models: readonly ComparedNetwork[],
  yardstick?: ReportedYardstick,
): Markup {
  const measured = [...models, ...(yardstick ? [yardstick] : [])].map(({ metrics }) => metrics);
  const keys = orderedMetrics(measured.flatMap((metrics) => Object.keys(metrics)));
  const grid = metricGrid(keys, measured, models.length);
  const rows = models.map(({ label, parameters, seconds }, index) => [
    ...[label, formatCount(parameters)],
    ...metricCells(grid[index]),
    formatSeconds(seconds),
  ]);
  if (yardstick) {
    const cells = metricCells(grid[models.length]);
    rows.push([YARDSTICK, formatCount(yardstick.numbers), ...cells, '']);
  }
  const heads = ['Network', 'Parameters', ...metricHeads(keys), 'Time'];
  const best =
    models.length > 1 &&
    'The best value of each metric is marked; arrows say which way a metric improves.';
  return html`${table('comparison', heads, rows)}
${best && note(best)}${yardstick && note(aboutYardstick(yardstick))}`;
}

function aboutYardstick({ coefficients, blockSize }: ReportedYardstick): string {
  return `${YARDSTICK} is no network: it is the recording as its ${formatCount(coefficients)} largest coefficients of a modified discrete cosine transform in blocks of ${formatCount(blockSize)}, a value and a place each, and shows what as many numbers hold without any learning.`;
}
