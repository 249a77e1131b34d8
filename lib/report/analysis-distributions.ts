import type { ReportedLayer, ReportedLayers } from './analysis-report-input.js';
import { html, type Markup } from './html.js';
import { section } from './page.js';
import { legend } from './sections.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';

/** Layers that have a colour of their own. */
const NAMED = 7;

/** Points of a curve at most. */
const POINTS = 300;

const sizes: PlotSizes = { wide: 540, narrow: 350 };

/** Below this an eigenvalue is 0 but for rounding. */
const SMALLEST = 1e-8;

interface Distribution {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Eigenvalues and Babel functions of the first layers of a model; undefined where they were not kept. */
export async function distributionsSection({
  name,
  layers,
}: ReportedLayers): Promise<Markup | undefined> {
  const shown = layers.filter(({ eigenvalues }) => eigenvalues !== undefined).slice(0, NAMED);
  if (shown.length === 0) return undefined;
  const curves = (points: (layer: ReportedLayer) => Distribution['points']): Distribution[] =>
    shown.map((layer, index) => ({
      name: layer.name,
      colour: seriesColour(index),
      points: points(layer),
    }));
  const eigenvalues = await distributionPlot(
    curves(({ eigenvalues: values = [] }) => {
      const positive = Array.from(values).filter((value) => value > SMALLEST);
      return thinned(
        positive.map((y, i) => ({ x: positive.length > 1 ? i / (positive.length - 1) : 0, y })),
      );
    }),
    { x: 'Part of the eigenvalues above 0', y: 'Eigenvalue', log: true },
  );
  const babel = await distributionPlot(
    curves(({ babel: values = [] }) => thinned(Array.from(values, (y, i) => ({ x: i + 1, y })))),
    { x: 'Other atoms', y: 'Sum of coherences', log: false },
  );
  const some =
    layers.length > shown.length &&
    ` Of ${name} the first ${shown.length} of ${layers.length} layers.`;
  return section(
    'Eigenvalues and Babel functions',
    html`${legend(shown.map((layer, index) => ({ name: layer.name, colour: seriesColour(index) })))}<div class="pair"><figure><figcaption>Eigenvalues of D·Dᵀ</figcaption>${eigenvalues}</figure>
<figure><figcaption>Babel function</figcaption>${babel}</figure></div>
<p class="note">Atoms spread evenly over all directions have equal eigenvalues. The Babel function is the largest sum of so many scalar products with one atom.${some}</p>`,
  );
}

const brief = (value: number) => Number(value.toPrecision(5));

function thinned(points: { x: number; y: number }[]): { x: number; y: number }[] {
  const step = Math.ceil(points.length / POINTS);
  return points
    .filter((_, i) => i % step === 0 || i === points.length - 1)
    .map(({ x, y }) => ({ x: brief(x), y: brief(y) }));
}

function distributionPlot(
  curves: readonly Distribution[],
  titles: { readonly x: string; readonly y: string; readonly log: boolean },
): Promise<Markup> {
  const ends = curves.map(
    ({ name, points }) => `${name} from ${points.at(0)?.y ?? '–'} to ${points.at(-1)?.y ?? '–'}`,
  );
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 240,
      layer: curves.map(({ colour, points }) => ({
        data: { values: [...points] },
        mark: { type: 'line' as const, color: colour, strokeWidth: 1.5, point: points.length < 3 },
        encoding: {
          x: {
            field: 'x',
            type: 'quantitative' as const,
            scale: { nice: false },
            axis: { title: titles.x, grid: false, tickCount: 5 },
          },
          y: {
            field: 'y',
            type: 'quantitative' as const,
            scale: { type: titles.log ? ('log' as const) : ('linear' as const) },
            axis: { title: titles.y, tickCount: 5, format: '~g' },
          },
        },
      })),
    }),
    sizes,
    `${titles.y}: ${ends.join('; ')}`,
  );
}
