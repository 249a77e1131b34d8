import type { LayerGeometry } from '../analysis/index.js';
import {
  type Curve,
  curvesPlot,
  describeEnds,
  type LegendEntry,
  legendAbove,
  thin,
} from './curve-plot.js';
import {
  type LayerFigure,
  layerFigures,
  layerTableMarkup,
  type NamedLayers,
} from './layer-table.js';
import { figure, html, type Markup, note, section } from './page.js';
import { legend } from './sections.js';
import { brief, layer, numeric, type PlotSizes, plotMarkup, seriesColor } from './svg-plot.js';

/** Layers that have a color of their own. */
const SHOWN_LAYERS = 7;

/** Points of a curve at most. */
const POINTS = 300;

/** Below this an eigenvalue is 0 but for rounding. */
const SMALLEST = 1e-8;

/** Of a panel, two of which stand side by side. */
const PANEL: PlotSizes = { wide: 540, narrow: 350 };

/** Eigenvalues and Babel functions of the first layers; undefined where they were not kept. */
export async function distributionsSection({
  name,
  layers,
}: NamedLayers): Promise<Markup | undefined> {
  const shown = layers
    .filter(({ eigenvalues }) => eigenvalues !== undefined)
    .slice(0, SHOWN_LAYERS);
  if (shown.length === 0) return undefined;
  const curves = (pointsOf: (layer: LayerGeometry) => Point[]): Distribution[] =>
    shown.map((each, index) => ({
      ...{ name: each.name, color: seriesColor(index) },
      points: thin(pointsOf(each), POINTS).map(({ x, y }) => ({ x: brief(x, 5), y: brief(y, 5) })),
    }));
  const eigenvalues = curves(({ eigenvalues: values = [] }) => {
    const positive = Array.from(values).filter((value) => value > SMALLEST);
    return positive.map((y, i) => ({ x: positive.length > 1 ? i / (positive.length - 1) : 0, y }));
  });
  const babel = curves(({ babel: values = [] }) => Array.from(values, (y, i) => ({ x: i + 1, y })));
  const some =
    layers.length > shown.length &&
    ` Of ${name} the first ${shown.length} of ${layers.length} layers.`;
  const plots = [
    figure(
      'Eigenvalues of D·Dᵀ',
      await distributionPlot(eigenvalues, 'Part of the eigenvalues above 0', 'Eigenvalue', 'log'),
    ),
    figure(
      'Babel function',
      await distributionPlot(babel, 'Other atoms', 'Sum of coherences', 'linear'),
    ),
  ];
  return section(
    'Eigenvalues and Babel functions',
    html`${legend(eigenvalues)}<div class="pair">${plots}</div>
${note('Atoms spread evenly over all directions have equal eigenvalues. The Babel function is the largest sum of so many scalar products with one atom.', some)}`,
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Distribution extends LegendEntry {
  readonly points: readonly Point[];
}

function distributionPlot(
  curves: readonly Distribution[],
  xTitle: string,
  yTitle: string,
  type: 'log' | 'linear',
): Promise<Markup> {
  const ends = curves.map(
    ({ name, points }) => `${name} from ${points.at(0)?.y ?? '–'} to ${points.at(-1)?.y ?? '–'}`,
  );
  const x = numeric('x', { nice: false }, { title: xTitle, grid: false, tickCount: 5 });
  const y = numeric('y', { type }, { title: yTitle, tickCount: 5, format: '~g' });
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 240,
      layer: curves.map(({ color, points }) =>
        layer(
          points,
          { type: 'line', color, strokeWidth: 1.5, point: points.length < 3 },
          { x, y },
        ),
      ),
    }),
    PANEL,
    `${yTitle}: ${ends.join('; ')}`,
  );
}

/** A figure over the layers of a model, or of a layer over models. */
interface LayerCurve extends LegendEntry {
  /** One for each place; NaN where there is none. */
  readonly values: readonly number[];
  /** Places that get a circle. */
  readonly circles?: readonly boolean[];
}

/** Curves that are drawn together, over places from left to right. */
interface Panel {
  readonly title: string;
  readonly curves: readonly LayerCurve[];
  /** What a place is, and what each is called. */
  readonly places: { readonly title: string; readonly names: readonly string[] };
}

/** Names of places up to which each is written at the axis. */
const NAMED_LAYERS = 16;

/** Curves over named places, `alone` with a legend above; circled places have a ring. */
export function panelPlot(
  { title, curves, places }: Panel,
  sizes: PlotSizes & { readonly alone?: boolean },
): Promise<Markup> {
  const { names } = places;
  const named = names.length <= NAMED_LAYERS;
  const long = names.some((name) => name.length > 4) && names.length > 5;
  const x = numeric(
    'place',
    { domain: [0.5, names.length + 0.5], nice: false },
    {
      title: named ? null : places.title,
      values: names.map((_, index) => index + 1),
      grid: false,
      labelOverlap: true,
      labelAngle: named && long ? -40 : 0,
      ...(named && { labelExpr: `${JSON.stringify(names)}[datum.value - 1]` }),
    },
  );
  // Room for the circles.
  const y = numeric('value', { zero: false, padding: 8 }, { title, tickCount: 5 });
  const show = (value = Number.NaN) => (Number.isFinite(value) ? value.toPrecision(3) : '–');
  const ends = curves.map(
    ({ name, values }) => `${name} from ${show(values.at(0))} to ${show(values.at(-1))}`,
  );
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 220,
      layer: [
        ...(sizes.alone === true ? legendAbove(curves, width - 60) : []),
        ...curves.flatMap(({ color, values, circles = [] }) => {
          const points = values.flatMap((value, index) =>
            Number.isFinite(value) ? [{ place: index + 1, value: brief(value, 5) }] : [],
          );
          const circled = points.filter(({ place }) => circles[place - 1]);
          return [
            layer(
              points,
              { type: 'line', color, strokeWidth: 1.6, point: { color, size: 22 } },
              { x, y },
            ),
            layer(
              circled,
              { type: 'point', color, size: 120, filled: false, strokeWidth: 1.3 },
              { x, y },
            ),
          ];
        }),
      ],
    }),
    sizes,
    `${title} over ${names.length} ${places.title.toLowerCase()}s: ${ends.join('; ')}`,
  );
}

const { A, B, betaMin, betaAvg, betaMse, mu, muAvg, muMse } = layerFigures;

/** What one model has in a panel together. */
const ofOneModel: readonly { readonly title: string; readonly figures: readonly LayerFigure[] }[] =
  [
    { title: 'Coherence', figures: [mu, muAvg, muMse] },
    { title: 'Angle (degrees)', figures: [betaMin, betaAvg, betaMse] },
    { title: 'Bounds', figures: [A, B] },
  ];

/** What several models, or several times of a training, are compared by. */
const compared: readonly { readonly title: string; readonly property: LayerFigure }[] = [
  { title: 'Mutual coherence μ', property: mu },
  { title: 'Average coherence μ avg', property: muAvg },
  { title: 'Average angle β avg (degrees)', property: betaAvg },
  { title: 'Upper bound B', property: B },
];

/** Curves over the depth and the table of all layers (paper 2, Tables 2 to 4 and Figure 5). */
export async function layersSection(models: readonly NamedLayers[]): Promise<Markup> {
  const layers = models.flatMap((model) => model.layers);
  const marked = layers.some(({ residual }) => residual);
  const remark = marked ? ' Circles: a shortcut is added to the layer’s output.' : '';
  const deep = models.some((model) => model.layers.length > 1);
  const shown = deep && (await pair(depthPanels(models)));
  return section('Geometry of the layers', html`${shown}${layerTableMarkup(models, remark)}`);
}

/** The figures of each layer over models, such as epochs; undefined where their layers differ. */
export async function layersCourseSection(
  models: readonly NamedLayers[],
): Promise<Markup | undefined> {
  if (models.length < 3 || !sameLayers(models)) return undefined;
  const layers = models[0]?.layers ?? [];
  const places = { title: 'Model', names: models.map(({ name }) => name) };
  const panels = compared.map(({ title, property }) => ({
    ...{ title, places },
    curves: layers.slice(0, SHOWN_LAYERS).map(({ name }, index) => ({
      ...{ name, color: seriesColor(index) },
      values: models.map((model) => valueIn(property, model.layers[index])),
    })),
  }));
  const rest = layersLeftOut(layers.length);
  return section('Course over models', html`${await pair(panels)}${rest !== '' && note(rest)}`);
}

/** Whether figures of these models can be drawn layer by layer. */
function sameLayers(models: readonly Pick<NamedLayers, 'layers'>[]): boolean {
  const names = models.map(({ layers }) => layers.map(({ name }) => name).join('\n'));
  return new Set(names).size <= 1;
}

/** Says that not all layers have curves, or nothing. */
const layersLeftOut = (layers: number) =>
  layers > SHOWN_LAYERS ? `The curves are of the first ${SHOWN_LAYERS} of ${layers} layers.` : '';

/** The panels over the depth of models. */
export function depthPanels(models: readonly NamedLayers[]): Panel[] {
  const [first] = models;
  if (first === undefined) return [];
  if (models.length === 1) {
    const places = { title: 'Layer', names: first.layers.map(({ name }) => name) };
    const circles = first.layers.map(({ residual }) => residual);
    return ofOneModel.map(({ title, figures }) => ({
      ...{ title, places },
      curves: figures.map(({ symbol, of }, index) => ({
        ...{ name: symbol, color: seriesColor(index), values: first.layers.map(of), circles },
      })),
    }));
  }
  const shown = models.length <= SHOWN_LAYERS ? models : [first, models.at(-1) as NamedLayers];
  const longest = shown.reduce((most, model) =>
    model.layers.length > most.layers.length ? model : most,
  );
  const same = shown.every((model) =>
    model.layers.every(({ name }, i) => name === longest.layers[i]?.name),
  );
  const names = longest.layers.map(({ name }, index) => (same ? name : String(index + 1)));
  return compared.map(({ title, property }) => ({
    ...{ title, places: { title: 'Layer', names } },
    curves: shown.map(({ name, layers }, index) => ({
      ...{ name, color: seriesColor(index) },
      values: layers.map((each) => valueIn(property, each)),
      circles: layers.map(({ residual }) => residual),
    })),
  }));
}

const valueIn = ({ of }: LayerFigure, each: LayerGeometry | undefined) =>
  each === undefined ? Number.NaN : of(each);

/** Panels side by side, each with its title and the names of its curves. */
async function pair(panels: readonly Panel[]): Promise<Markup> {
  const figures = await Promise.all(
    panels.map(async (panel) => panelFigure(panel, await panelPlot(panel, PANEL))),
  );
  return html`<div class="pair">${figures}</div>`;
}

const panelFigure = (
  { title, curves }: { readonly title: string; readonly curves: readonly LegendEntry[] },
  plot: Markup,
) => figure(title, html`${legend(curves)}${plot}`);

/** The geometry of a model's layers after an epoch. */
export interface EpochGeometry extends Pick<NamedLayers, 'layers'> {
  /** 0: before training. */
  readonly epoch: number;
}

/** Epochs up to which each has a dot. */
const DOTS = 60;

/**
 * The layers before training and after the last epoch as a table (paper 2, Tables 2 and 3), and
 * their figures over the epochs.
 *
 * @param best the epoch whose model is kept
 */
export async function epochGeometrySection(
  geometry: readonly EpochGeometry[],
  best: number | undefined,
): Promise<Markup | undefined> {
  const epochs = geometry.filter(({ layers }) => layers.length > 0);
  const [first, ...later] = epochs;
  if (first === undefined) return undefined;
  const last = later.at(-1);
  const tabled = layerTableMarkup(
    [first, ...(last ? [last] : [])].map(({ epoch, layers }) => ({
      ...{ name: epoch === 0 ? 'Before training' : `After epoch ${epoch}`, layers },
    })),
  );
  const drawn = last !== undefined && sameLayers(epochs);
  const curves = drawn ? await epochCurves(epochs, best) : [];
  const before = first.epoch === 0 ? 'before training' : `after epoch ${first.epoch}`;
  const explained = [
    `The curves show by how much a figure differs from what it was ${before}.`,
    ...(best !== undefined ? ['The dashed line is at the best validation.'] : []),
    layersLeftOut(first.layers.length),
  ];
  return section(
    'Geometry of the layers',
    html`<div class="pair">${curves}</div>${drawn && note(explained.join(' ').trim())}${tabled}`,
  );
}

function epochCurves(epochs: readonly EpochGeometry[], best: number | undefined) {
  const layers = (epochs[0]?.layers ?? []).slice(0, SHOWN_LAYERS);
  return Promise.all(
    compared.map(async ({ title, property }) => {
      const curves = layers.map(
        ({ name }, index): Curve => ({
          ...{ name, color: seriesColor(index) },
          points: changesOf(epochs, index, property),
          dots: epochs.length <= DOTS,
        }),
      );
      const y = { title: `Change of ${property.symbol}`, type: 'linear' as const };
      const label = `Change of ${title} over the epochs: ${describeEnds(curves, '')}`;
      const plot = await curvesPlot(curves, { x: 'Epoch', y, mark: best }, PANEL, label);
      return panelFigure({ title, curves }, plot);
    }),
  );
}

/**
 * How far a figure is from where it began, where it is finite. The layers of a model differ by so
 * much more than a layer changes that on one axis its own course could not be seen.
 */
function changesOf(epochs: readonly EpochGeometry[], index: number, property: LayerFigure) {
  const values = epochs.map(({ layers }) => valueIn(property, layers[index]));
  return epochs.flatMap(({ epoch }, place) => {
    const value = (values[place] as number) - (values[0] as number);
    return Number.isFinite(value) ? [{ x: epoch, value }] : [];
  });
}
