import type { ReportedLayer, ReportedLayers } from './analysis-report-input.js';
import { legendAbove } from './curve-plot.js';
import { type LayerFigure, layerFigures, layerTableMarkup } from './layer-table.js';
import { html, type Markup, section } from './page.js';
import { legend } from './sections.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';

/** Layers that have a colour of their own. */
export const SHOWN_LAYERS = 7;

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
  const shown = layers
    .filter(({ eigenvalues }) => eigenvalues !== undefined)
    .slice(0, SHOWN_LAYERS);
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
const NAMED_LAYERS = 16;

/** Curves over places with names, `alone` with a legend above; circled places have a ring (paper 2, Figure 5). */
export function layerCurvesPlot(
  curves: readonly LayerCurve[],
  places: Places,
  title: string,
  sizes: PlotSizes & { readonly alone?: boolean },
): Promise<Markup> {
  const { names } = places;
  const named = names.length <= NAMED_LAYERS;
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

interface Comparison {
  readonly title: string;
  readonly figures: readonly LayerFigure[];
}

const { A, B, betaMin, betaAvg, betaMse, mu, muAvg, muMse } = layerFigures;

/** What one model has in a panel together. */
const panels: readonly Comparison[] = [
  { title: 'Coherence', figures: [mu, muAvg, muMse] },
  { title: 'Angle (degrees)', figures: [betaMin, betaAvg, betaMse] },
  { title: 'Bounds', figures: [A, B] },
];

/** What several models, or several times of a training, are compared by. */
export const compared: readonly { readonly title: string; readonly figure: LayerFigure }[] = [
  { title: 'Mutual coherence μ', figure: mu },
  { title: 'Average coherence μ avg', figure: muAvg },
  { title: 'Average angle β avg (degrees)', figure: betaAvg },
  { title: 'Upper bound B', figure: B },
];

/** Curves up to which each is told by a colour of its own. */

/** Of a panel, two of which stand side by side. */
export const PANEL: PlotSizes = { wide: 540, narrow: 350 };

/** What the figures of a layer are, for the note below them. */
export const FIGURES_MEAN =
  'A and B are the smallest and the largest eigenvalue of D·Dᵀ with atoms of unit norm; A is 0 where a layer has fewer directions than inputs, and λ min+ the smallest eigenvalue above it. μ is the largest scalar product of two atoms, β the angle.';

/** Curves over the depth and the table of all layers (paper 2, Tables 2 to 4 and Figure 5). */
export async function layersSection(models: readonly ReportedLayers[]): Promise<Markup> {
  const layers = models.flatMap((model) => model.layers);
  const marked = layers.some(({ residual }) => residual);
  const note = html`<p class="note">${FIGURES_MEAN}${marked && ' Circles: a shortcut is added to the layer’s output.'}</p>`;
  const deep = models.some((model) => model.layers.length > 1);
  const shown =
    deep &&
    html`<div class="pair">${await Promise.all(depthPanels(models).map(panelMarkup))}</div>`;
  return section('Geometry of the layers', html`${shown}${layerTableMarkup(models)}${note}`);
}

/** The figures of each layer over models, such as the epochs of a training; undefined where their layers differ. */
export async function layersCourseSection(
  models: readonly ReportedLayers[],
): Promise<Markup | undefined> {
  if (models.length < 3 || !sameLayers(models)) return undefined;
  const layers = models[0]?.layers.slice(0, SHOWN_LAYERS) ?? [];
  const places = { title: 'Model', names: models.map(({ name }) => name) };
  const drawn = await Promise.all(
    compared.map(({ title, figure }) => {
      const curves = layers.map(({ name }, index) => ({
        name,
        colour: seriesColour(index),
        values: models.map((model) => figureIn(figure, model.layers[index])),
      }));
      return panelMarkup({ title, curves, places });
    }),
  );
  const rest = layersLeftOut(models[0]?.layers.length ?? 0);
  return section(
    'Course over models',
    html`<div class="pair">${drawn}</div>${rest !== '' && html`<p class="note">${rest}</p>`}`,
  );
}

/** Whether figures of these models can be drawn layer by layer. */
export function sameLayers(models: readonly Pick<ReportedLayers, 'layers'>[]): boolean {
  const names = models.map(({ layers }) => layers.map(({ name }) => name).join('\n'));
  return new Set(names).size <= 1;
}

/** Says that not all layers have curves, or nothing. */
export function layersLeftOut(layers: number): string {
  return layers > SHOWN_LAYERS
    ? `The curves are of the first ${SHOWN_LAYERS} of ${layers} layers.`
    : '';
}

/** Curves that are drawn together. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly LayerCurve[];
  readonly places: Places;
}

/** The panels over the depth of models. */
export function depthPanels(models: readonly ReportedLayers[]): Panel[] {
  const [first] = models;
  if (first === undefined) return [];
  if (models.length === 1) {
    const places = { title: 'Layer', names: first.layers.map(({ name }) => name) };
    return panels.map(({ title, figures }) => {
      const curves = figures.map((figure, index) => ({
        name: figure.symbol,
        colour: seriesColour(index),
        values: first.layers.map(figure.of),
        circles: first.layers.map(({ residual }) => residual),
      }));
      return { title, curves, places };
    });
  }
  const shown = models.length <= SHOWN_LAYERS ? models : [first, models.at(-1) as ReportedLayers];
  const longest = shown.reduce((most, model) =>
    model.layers.length > most.layers.length ? model : most,
  );
  const same = shown.every((model) =>
    model.layers.every(({ name }, i) => name === longest.layers[i]?.name),
  );
  const names = longest.layers.map(({ name }, index) => (same ? name : String(index + 1)));
  return compared.map(({ title, figure }) => {
    const curves = shown.map(({ name, layers }, index) => ({
      name,
      colour: seriesColour(index),
      values: layers.map((layer) => figureIn(figure, layer)),
      circles: layers.map(({ residual }) => residual),
    }));
    return { title, curves, places: { title: 'Layer', names } };
  });
}

const figureIn = (figure: LayerFigure, layer: Parameters<LayerFigure['of']>[0] | undefined) =>
  layer === undefined ? Number.NaN : figure.of(layer);

async function panelMarkup({ title, curves, places }: Panel): Promise<Markup> {
  return layerPanel(title, curves, await layerCurvesPlot(curves, places, title, PANEL));
}

/** A plot with its title above it and the names of its curves. */
export function layerPanel(
  title: string,
  curves: readonly { readonly name: string; readonly colour: string }[],
  plot: Markup,
): Markup {
  return html`<figure><figcaption>${title}</figcaption>${legend(curves)}${plot}</figure>
`;
}
