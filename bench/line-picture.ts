import { loadVega, loadVegaLite } from '../lib/report/svg-plot.js';

/** What one panel shows of its values. */
export interface Panel {
  /** A field of the values; where it is null or not finite the line has no point. */
  readonly field: string;
  readonly title: string;
  readonly log?: boolean;
  /** Left out: from the lowest value to the highest. */
  readonly range?: readonly [number, number];
}

/** The horizontal axis, which all panels share. */
export interface Horizontal {
  readonly field: string;
  readonly title: string;
  readonly log?: boolean;
}

/** Panels side by side with a line for each `run` of the values, as an SVG picture. */
export async function linePicture(
  values: readonly ({ readonly run: string } & Readonly<Record<string, unknown>>)[],
  { field, title, log }: Horizontal,
  ...panels: readonly Panel[]
): Promise<string> {
  const [vega, vegaLite] = await Promise.all([loadVega(), loadVegaLite()]);
  const scale = (isLog: boolean | undefined, range?: readonly [number, number]) => ({
    ...{ type: isLog ? ('log' as const) : ('linear' as const), nice: false },
    // A logarithm has none, and says so.
    ...(!isLog && { zero: false }),
    ...(range && { domain: [...range], clamp: true }),
  });
  const runs = [...new Set(values.map(({ run }) => run))];
  const { spec } = vegaLite.compile({
    background: 'white',
    data: { values: [...values] },
    hconcat: panels.map((panel) => ({
      width: panels.length === 1 ? 640 : 360,
      height: 320,
      mark: { type: 'line' as const, strokeWidth: 2, point: panels.length > 1 },
      encoding: {
        x: { field, type: 'quantitative' as const, title, scale: scale(log) },
        y: {
          ...{ field: panel.field, type: 'quantitative' as const, title: panel.title },
          scale: scale(panel.log, panel.range),
        },
        color: {
          ...{ field: 'run', type: 'nominal' as const, title: null, sort: runs },
          legend: { labelLimit: 0 }, // names are written whole
        },
      },
    })),
  });
  const view = new vega.View(vega.parse(spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
