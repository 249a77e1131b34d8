import type { Markup } from './page.js';
import { brief, type Layer, layer, numeric, type PlotSizes, plotMarkup } from './svg-plot.js';

export interface CurvePoint {
  readonly x: number;
  readonly value: number;
}

export interface Curve {
  readonly name: string;
  readonly color: string;
  /** In the order of x. */
  readonly points: readonly CurvePoint[];
  /** Of the line, pixels; default 1.6. */
  readonly width?: number;
  /** Default 1. */
  readonly opacity?: number;
  /** A dot at each point; one point alone has a dot always. */
  readonly dots?: boolean;
}

export interface CurveAxes {
  /** Title of the axis of x. */
  readonly x: string;
  /** Where the axis of x begins, a logarithmic one; without it, it is linear from 0. */
  readonly from?: number;
  /** Whether x has values between whole numbers. */
  readonly fractions?: boolean;
  readonly y: {
    readonly title: string;
    readonly type: 'log' | 'linear';
    /** d3's notation; by default what fits. */
    readonly format?: string;
  };
  /** Where the axis of x ends; by default where the longest curve does. */
  readonly end?: number;
  /** Where a dashed line goes from top to bottom. */
  readonly mark?: number | undefined;
}

/**
 * Digits of values at which steps are finer than a pixel, also where large values differ by little.
 */
function digitsOf(curves: readonly Curve[], { type }: CurveAxes['y']): number {
  if (type === 'log') return 4;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { points } of curves) {
    for (const { value } of points) [least, most] = [Math.min(least, value), Math.max(most, value)];
  }
  const span = most - least;
  if (!(span > 0)) return 4;
  return Math.min(15, 4 + Math.max(0, Math.ceil(Math.log10(Math.max(-least, most) / span))));
}

/** Curves over each other, the last on top. */
export function curvesPlot(
  curves: readonly Curve[],
  axes: CurveAxes,
  sizes: PlotSizes & { readonly height?: number },
  label: string,
): Promise<Markup> {
  const end =
    axes.end ?? curves.reduce((last, { points }) => Math.max(last, points.at(-1)?.x ?? 0), 0);
  const digits = digitsOf(curves, axes.y);
  const mark = axes.mark === undefined ? [] : [axes.mark];
  const y = numeric(
    'value',
    axes.y.type === 'log' ? { type: 'log', nice: false } : { type: 'linear', zero: false },
    { title: axes.y.title, tickCount: 5, ...labels(axes.y) },
  );
  return plotMarkup(
    (width) => {
      // No more ticks than whole numbers; vega-lite 5.23 does not pass tickMinStep on.
      const { from = 0, fractions } = axes;
      const most = width / 90;
      const tickCount = Math.max(1, fractions ? most : Math.min(most, Math.floor(end)));
      const type = from > 0 ? 'log' : 'linear';
      const scale = { type, domain: [from, end], nice: false };
      const x = numeric('x', scale, { title: axes.x, grid: false, tickCount });
      return {
        width: width - 60,
        height: sizes.height ?? 220,
        layer: [
          ...mark.map((at) =>
            layer(
              [{ x: brief(at, 6) }],
              { type: 'rule', color: 'var(--muted)', strokeDash: [3, 4] },
              { x },
            ),
          ),
          ...curves.map(({ points, color, width: strokeWidth = 1.6, opacity = 1, dots }) => {
            const alone = points.length === 1;
            return layer(
              points.map((point) => ({ x: brief(point.x, 6), value: brief(point.value, digits) })),
              {
                ...{ type: 'line', strokeWidth, opacity, color, strokeJoin: 'round' },
                point: (dots || alone) && { color, size: alone ? 30 : 18, opacity: 1 },
              },
              { x, y },
            );
          }),
        ],
      };
    },
    sizes,
    label,
  );
}

/** How an axis writes its numbers. */
function labels({ type, format }: CurveAxes['y']) {
  if (format === undefined) return {};
  // By an expression a logarithmic axis would write every number, where some stay without one.
  if (type === 'log') return { format };
  return { labelExpr: `datum.value === 0 ? '0' : format(datum.value, '${format}')` };
}

/** Points at equal distances in their list, the first and the last among them. */
export function thin<T>(points: readonly T[], limit: number): T[] {
  const stride = Math.ceil(points.length / limit);
  return points.filter((_, index) => index % stride === 0 || index === points.length - 1);
}

/** Where curves begin and end, for those who cannot see them. */
export function describeEnds(curves: readonly Curve[], unit: string): string {
  return curves
    .map(({ name, points }) => {
      const first = points[0]?.value ?? 0;
      const last = points[points.length - 1]?.value ?? 0;
      return `${name} from ${first.toPrecision(3)}${unit} to ${last.toPrecision(3)}${unit}`;
    })
    .join('; ');
}

/** What a plot compares, by name and color. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

/** Pixels of a letter, about. */
const LETTER = 6.2;

/** Between two entries, and before a name its dash. */
const GAP = 18;

/**
 * A legend in a line above a plot, as layers of it: a picture that stands alone has no page beside
 * it to say what its colors are. Names that do not fit into the line are cut.
 */
export function legendAbove(entries: readonly LegendEntry[], width: number): Layer[] {
  const most = Math.max(4, Math.floor((width / Math.max(1, entries.length) - GAP) / LETTER) - 2);
  let x = 0;
  return entries.map(({ name, color }) => {
    const text = `– ${name.length > most ? `${name.slice(0, most - 1)}…` : name}`;
    const at = x;
    x += text.length * LETTER + GAP;
    return layer(
      [{}],
      { type: 'text', text, x: at, y: -12, align: 'left', fontSize: 11, color },
      {},
    );
  });
}
