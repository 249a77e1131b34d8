import type { ReportedLayers } from './analysis-report-input.js';
import { html, type Markup } from './html.js';
import { type LayerCurve, layerCurvesPlot, type Places } from './layer-curves.js';
import { type LayerFigure, layerFigures } from './layer-figures.js';
import { layerTableMarkup } from './layer-table.js';
import { section } from './page.js';
import { legend } from './sections.js';
import { type PlotSizes, seriesColour } from './svg-plot.js';

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
export const NAMED = 7;

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
  const layers = models[0]?.layers.slice(0, NAMED) ?? [];
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
  return layers > NAMED ? `The curves are of the first ${NAMED} of ${layers} layers.` : '';
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
  const shown = models.length <= NAMED ? models : [first, models.at(-1) as ReportedLayers];
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
