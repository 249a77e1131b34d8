import { curvesPlot, describeEnds, thin } from './curve-plot.js';
import type { Markup } from './page.js';
import type { PlotSizes } from './svg-plot.js';
import type { ReportedModel } from './types.js';
import { envelope } from './waveform-plot.js';

export interface TrainedCurve {
  readonly name: string;
  readonly colour: string;
  readonly model: ReportedModel;
}

/** Loss over steps on a logarithmic axis; undefined where no positive loss was recorded. */
export async function lossPlot(
  models: readonly TrainedCurve[],
  sizes: PlotSizes,
): Promise<Markup | undefined> {
  const curves = models
    .map(({ name, colour, model }) => ({
      name,
      colour,
      // A logarithmic axis has no place for zero.
      points: envelope(model.losses, 500)
        .filter(({ mean }) => mean > 0)
        .map(({ index, mean }) => ({ x: Math.round(index) + 1, value: mean })),
    }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const label = `Loss over training steps, logarithmic axis: ${describeEnds(curves, '')}`;
  return curvesPlot(
    curves,
    { x: 'Step', y: { title: 'Loss', type: 'log', format: '~g' } },
    sizes,
    label,
  );
}

/** SI-SNR over steps; undefined where none was recorded. */
export async function siSnrPlot(
  models: readonly TrainedCurve[],
  sizes: PlotSizes,
): Promise<Markup | undefined> {
  const curves = models
    .map(({ name, colour, model }) => ({
      name,
      colour,
      points: thin(
        (model.siSnr ?? []).flatMap(({ step, siSnr }) =>
          siSnr !== null && Number.isFinite(siSnr) ? [{ x: step, value: siSnr }] : [],
        ),
        500,
      ),
    }))
    .filter(({ points }) => points.length > 1);
  if (curves.length === 0) return undefined;
  const label = `SI-SNR in decibels over training steps: ${describeEnds(curves, ' dB')}`;
  return curvesPlot(
    curves,
    { x: 'Step', y: { title: 'SI-SNR (dB)', type: 'linear' } },
    sizes,
    label,
  );
}
