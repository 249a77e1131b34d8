import type { Markup } from './html.js';
import { legendAbove } from './legend-above.js';
import { type PlotSizes, plotMarkup } from './svg-plot.js';

/** A figure over the layers of a model, or of a layer over models. */
export interface LayerCurve {
  readonly name: string;
  readonly colour: string;
  /** One for each place; NaN where there is none. */
  readonly values: readonly number[];
  /** Places that get a circle. */
  readonly circles?: readonly boolean[];
}

/** Where curves have their values, from left to right. */
export interface Places {
  /** What one is. */
  readonly title: string;
  readonly names: readonly string[];
}

/** Names of places up to which each is written at the axis. */
const NAMED = 16;

/** Curves over places with names, `alone` with a legend above; circled places have a ring (paper 2, Figure 5). */
export function layerCurvesPlot(
  curves: readonly LayerCurve[],
  places: Places,
  title: string,
  sizes: PlotSizes & { readonly alone?: boolean },
): Promise<Markup> {
  const { names } = places;
  const named = names.length <= NAMED;
  const long = names.some((name) => name.length > 4) && names.length > 5;
  const x = {
    field: 'place',
    type: 'quantitative' as const,
    scale: { domain: [0.5, names.length + 0.5], nice: false },
    axis: {
      title: named ? null : places.title,
      values: names.map((_, index) => index + 1),
      grid: false,
      labelOverlap: true as const,
      labelAngle: named && long ? -40 : 0,
      ...(named && { labelExpr: `${JSON.stringify(names)}[datum.value - 1]` }),
    },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    // Room for the circles.
    scale: { zero: false, padding: 8 },
    axis: { title, tickCount: 5 },
  };
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 220,
      layer: [
        ...(sizes.alone === true ? legendAbove(curves, width - 60) : []),
        ...curves.flatMap(({ colour: color, values, circles = [] }) => {
          const points = values.flatMap((value, index) =>
            Number.isFinite(value)
              ? [
                  {
                    place: index + 1,
                    value: Number(value.toPrecision(5)),
                    circle: circles[index] === true,
                  },
                ]
              : [],
          );
          return [
            {
              data: { values: points },
              mark: { type: 'line' as const, color, strokeWidth: 1.6, point: { color, size: 22 } },
              encoding: { x, y },
            },
            {
              data: { values: points.filter(({ circle }) => circle) },
              mark: { type: 'point' as const, color, size: 120, filled: false, strokeWidth: 1.3 },
              encoding: { x, y },
            },
          ];
        }),
      ],
    }),
    sizes,
    `${title} over ${names.length} ${places.title.toLowerCase()}s: ${curves.map(({ name, values }) => `${name} from ${show(values.at(0))} to ${show(values.at(-1))}`).join('; ')}`,
  );
}

const show = (value: number | undefined) =>
  value === undefined || !Number.isFinite(value) ? '–' : value.toPrecision(3);
