import type { FrequencyScale, ReportedClass, ReportedResponse } from './analysis-report-input.js';
import { html, type Markup } from './html.js';
import { legendAbove } from './legend-above.js';
import { section } from './page.js';
import { legend } from './sections.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';

/** Bands that paper 2 finds important, kHz. */
const BANDS = [
  { from: 2, to: 3.5, name: '2–3.5 kHz' },
  { from: 4, to: 5, name: '4–5 kHz' },
] as const;

/** Where it finds most of speech commands (1 kHz) and of speakers (0.5 kHz). */
const MARKS = [0.5, 1] as const;

/** Points of a curve at most. */
const POINTS = 520;

/** Recordings up to which each has a curve and a name in the legend. */
const NAMED = 7;

const sizes: PlotSizes & { height: number } = { wide: 1100, narrow: 350, height: 280 };

/** A curve over frequency, and how far values spread about it. */
export interface ResponseCurve {
  readonly name: string;
  readonly colour: string;
  readonly values: ArrayLike<number>;
  readonly deviation?: ArrayLike<number>;
}

/** Curves over frequency with the bands of the formants marked; `alone` with a legend above. */
export function responseCurvesPlot(
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
  label: string,
  given: PlotSizes & { readonly height?: number; readonly alone?: boolean } = sizes,
): Promise<Markup> {
  const domain = [frequencies[0] as number, frequencies[frequencies.length - 1] as number].map(
    (hertz) => hertz / 1000,
  ) as [number, number];
  const inside = (kilohertz: number) => kilohertz > domain[0] && kilohertz < domain[1];
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain, nice: false, type: axis === 'log' ? ('log' as const) : ('linear' as const) },
    axis: {
      title: 'Frequency (kHz)',
      grid: false,
      tickCount: 9,
      ...(axis === 'log' && { format: '~g' }),
    },
  });
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    axis: { title: 'Response', tickCount: 5, format: '~g' },
  });
  const bands = BANDS.filter(({ from }) => inside(from)).map(({ from, to, name }) => ({
    from,
    to: Math.min(to, domain[1]),
    name,
  }));
  const marks = MARKS.filter(inside);
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: given.height ?? 280,
      layer: [
        ...(given.alone === true ? legendAbove(curves.slice(0, NAMED), width - 60) : []),
        {
          data: { values: bands },
          mark: { type: 'rect' as const, color: 'var(--muted)', opacity: 0.13 },
          encoding: { x: x('from'), x2: { field: 'to' } },
        },
        {
          data: { values: bands },
          mark: {
            type: 'text' as const,
            align: 'left' as const,
            dx: 4,
            dy: 10,
            fontSize: 10.5,
            color: 'var(--muted)',
          },
          encoding: { x: x('from'), y: { value: 0 }, text: { field: 'name' } },
        },
        {
          data: { values: marks.map((at) => ({ at })) },
          mark: { type: 'rule' as const, color: 'var(--muted)', strokeDash: [3, 4] },
          encoding: { x: x('at') },
        },
        ...curves.flatMap(({ colour, values, deviation }) => {
          const points = pointsOf(frequencies, values, deviation);
          const area = {
            data: { values: points },
            mark: { type: 'area' as const, color: colour, opacity: 0.18 },
            encoding: { x: x('x'), y: y('low'), y2: { field: 'high' } },
          };
          const line = {
            data: { values: points },
            mark: { type: 'line' as const, color: colour, strokeWidth: 1.5 },
            encoding: { x: x('x'), y: y('value') },
          };
          return deviation === undefined ? [line] : [area, line];
        }),
      ],
    }),
    given,
    label,
  );
}

const brief = (value: number) => Number(value.toPrecision(4));

function pointsOf(
  frequencies: ArrayLike<number>,
  values: ArrayLike<number>,
  deviation: ArrayLike<number> | undefined,
) {
  const stride = Math.ceil(values.length / POINTS);
  const points = [];
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    const spread = deviation?.[i] ?? 0;
    points.push({
      x: brief((frequencies[i] as number) / 1000),
      value: brief(value),
      ...(deviation && { low: brief(Math.max(0, value - spread)), high: brief(value + spread) }),
    });
  }
  return points;
}

/** CRS of recordings, a curve each. */
export function responseCurves(recordings: readonly ReportedResponse[]): ResponseCurve[] {
  return recordings.map(({ name, crs }, index) => ({
    name,
    colour: seriesColour(index),
    values: crs,
  }));
}

/** CRS of classes, means with their spread. */
export function classCurves(classes: readonly ReportedClass[]): ResponseCurve[] {
  return classes.map(({ label, count, mean, deviation }, index) => ({
    name: `${label} (${count})`,
    colour: seriesColour(index),
    values: mean,
    deviation,
  }));
}

/** A section with curves over frequency. */
export async function responseCurvesSection(
  title: string,
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
): Promise<Markup> {
  const named = curves.length <= NAMED;
  const label = `${title} over frequency: ${curves
    .slice(0, NAMED)
    .map((curve) => `${curve.name} strongest at ${strongest(curve.values, frequencies)} Hz`)
    .join('; ')}`;
  const plot = await responseCurvesPlot(curves, frequencies, axis, label);
  const spread = curves.some(({ deviation }) => deviation !== undefined);
  const note = html`<p class="note">${spread && 'Means of the recordings of a class with their standard deviation. '}Marked are the bands from 2 to 3.5 kHz and from 4 to 5 kHz, and by dashed lines 0.5 kHz (pitch and first formant, speakers) and 1 kHz (first two formants, words).</p>`;
  return section(title, html`${named && legend(curves)}<figure>${plot}</figure>${note}`);
}

function strongest(values: ArrayLike<number>, frequencies: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return Math.round(frequencies[best] as number);
}
