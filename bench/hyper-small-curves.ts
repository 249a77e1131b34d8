import { loadVega, loadVegaLite } from '../lib/report/svg-plot.js';
import type { MetricsRecord } from '../lib/train/index.js';

/** The validation loss of several trainings over their updates, as an SVG picture. */
export async function validationCurves(
  runs: Readonly<Record<string, readonly MetricsRecord[]>>,
): Promise<string> {
  const values = Object.entries(runs).flatMap(([run, records]) =>
    records.flatMap((record) =>
      record.kind === 'validation' ? [{ run, step: record.step, loss: record.loss }] : [],
    ),
  );
  const [vega, vegaLite] = await Promise.all([loadVega(), loadVegaLite()]);
  const { spec } = vegaLite.compile({
    width: 640,
    height: 320,
    background: 'white',
    data: { values },
    mark: { type: 'line', strokeWidth: 2 },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'updates' },
      y: {
        field: 'loss',
        type: 'quantitative',
        title: 'validation loss',
        scale: { type: 'log', nice: false },
      },
      color: { field: 'run', type: 'nominal', title: null },
    },
  });
  const view = new vega.View(vega.parse(spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
