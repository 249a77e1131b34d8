import { envelope } from './envelope.js';
import type { Markup } from './html.js';
import type { ReportedModel } from './report-input.js';
import { type PlotSizes, plotMarkup } from './svg-plot.js';

const brief = (value: number) => Number(value.toPrecision(4));

interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

function curvesPlot(
  curves: readonly Curve[],
  axis: { title: string; type: 'log' | 'linear'; format?: string },
  sizes: PlotSizes,
  label: string,
): Promise<Markup> {
  const steps = Math.max(...curves.flatMap(({ points }) => points.map(({ step }) => step)));
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 220,
      layer: curves.map(({ points, colour }) => ({
        data: { values: points.map(({ step, value }) => ({ step, value: brief(value) })) },
        mark: {
          type: 'line' as const,
          strokeWidth: 1.6,
          color: colour,
          strokeJoin: 'round' as const,
          point: points.length === 1 ? { color: colour } : false,
        },
        encoding: {
          x: {
            field: 'step',
            type: 'quantitative' as const,
            scale: { domain: [0, steps], nice: false },
            axis: { title: 'Step', grid: false, tickCount: width / 90, tickMinStep: 1 },
          },
          y: {
            field: 'value',
            type: 'quantitative' as const,
            scale:
              axis.type === 'log'
                ? { type: 'log' as const, nice: false }
                : { type: 'linear' as const, zero: false },
            axis: { title: axis.title, tickCount: 5, ...(axis.format && { format: axis.format }) },
          },
        },
      })),
    }),
    sizes,
    label,
  );
}

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
        .map(({ index, mean }) => ({ step: Math.round(index) + 1, value: mean })),
    }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const label = `Loss over training steps, logarithmic axis: ${describeEnds(curves, '')}`;
  return curvesPlot(curves, { title: 'Loss', type: 'log', format: '~g' }, sizes, label);
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
          siSnr !== null && Number.isFinite(siSnr) ? [{ step, value: siSnr }] : [],
        ),
        500,
      ),
    }))
    .filter(({ points }) => points.length > 1);
  if (curves.length === 0) return undefined;
  const label = `SI-SNR in decibels over training steps: ${describeEnds(curves, ' dB')}`;
  return curvesPlot(curves, { title: 'SI-SNR (dB)', type: 'linear' }, sizes, label);
}

function thin<T>(points: readonly T[], limit: number): T[] {
  const stride = Math.ceil(points.length / limit);
  return points.filter((_, index) => index % stride === 0 || index === points.length - 1);
}

function describeEnds(curves: readonly Curve[], unit: string): string {
  return curves
    .map(({ name, points }) => {
      const first = points[0]?.value ?? 0;
      const last = points[points.length - 1]?.value ?? 0;
      return `${name} from ${first.toPrecision(3)}${unit} to ${last.toPrecision(3)}${unit}`;
    })
    .join('; ');
}
