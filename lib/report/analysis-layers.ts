import type { ReportedLayer } from './analysis-report-input.js';
import { html, type Markup } from './html.js';
import { section } from './page.js';
import { legend } from './sections.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';

type Figure = Exclude<keyof ReportedLayer, 'name' | 'kind' | 'residual'>;

/** Figures as the paper names them, in the order of its tables. */
const figures: readonly { key: Figure; symbol: string; digits: number }[] = [
  { key: 'A', symbol: 'A', digits: 4 },
  { key: 'lambdaMinPlus', symbol: 'λ min+', digits: 4 },
  { key: 'B', symbol: 'B', digits: 4 },
  { key: 'betaMin', symbol: 'β min', digits: 2 },
  { key: 'betaAvg', symbol: 'β avg', digits: 2 },
  { key: 'betaMse', symbol: 'β mse', digits: 2 },
  { key: 'mu', symbol: 'μ', digits: 4 },
  { key: 'muAvg', symbol: 'μ avg', digits: 4 },
  { key: 'muMse', symbol: 'μ mse', digits: 4 },
];

/** Layers up to which the table has a column for each, as the paper's; more have a row each. */
const COLUMNS = 8;

/** A table of layers as rows of text: the titles, then the rows. */
export interface LayerTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Layers as a table. In the paper's form (Tables 2 to 4) a metric has a row and a layer a column; otherwise a layer has a row.
 */
export function layerTable(layers: readonly ReportedLayer[], paperForm: boolean): LayerTable {
  const text = (layer: ReportedLayer, { key, digits }: (typeof figures)[number]) => {
    const value = layer[key];
    return Number.isFinite(value) ? value.toFixed(value === 0 ? 1 : digits) : '–';
  };
  if (paperForm) {
    return {
      titles: ['Metric', ...layers.map(({ name }) => name)],
      rows: figures.map((figure) => [figure.symbol, ...layers.map((layer) => text(layer, figure))]),
    };
  }
  return {
    titles: ['Layer', 'Kind', 'Size', ...figures.map(({ symbol }) => symbol)],
    rows: layers.map((layer) => [
      `${layer.name}${layer.residual ? ' ○' : ''}`,
      layer.kind,
      `${layer.dimension} × ${layer.atoms}`,
      ...figures.map((figure) => text(layer, figure)),
    ]),
  };
}

/** Curves of some figures over the depth; layers with a shortcut have a circle (paper 2, Figure 5). */
export function layerCurvesPlot(
  layers: readonly ReportedLayer[],
  keys: readonly Figure[],
  title: string,
  sizes: PlotSizes,
): Promise<Markup> {
  // Two layers of one name are still two.
  const values = layers.flatMap((layer, index) =>
    keys.flatMap((key, curve) =>
      Number.isFinite(layer[key])
        ? [
            {
              index: index + 1,
              value: Number(layer[key].toPrecision(5)),
              curve,
              residual: layer.residual,
            },
          ]
        : [],
    ),
  );
  const names = JSON.stringify(layers.map(({ name }) => name));
  const x = {
    field: 'index',
    type: 'quantitative' as const,
    scale: { domain: [0.5, layers.length + 0.5], nice: false },
    axis: {
      title: layers.length > 16 ? 'Layer' : null,
      values: layers.map((_, index) => index + 1),
      grid: false,
      labelOverlap: true as const,
      labelAngle: layers.length > 8 ? -40 : 0,
      ...(layers.length <= 16 && { labelExpr: `${names}[datum.value - 1]` }),
    },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    scale: { zero: false },
    axis: { title, tickCount: 5 },
  };
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: 220,
      layer: keys.flatMap((_, curve) => {
        const data = { values: values.filter((value) => value.curve === curve) };
        const color = seriesColour(curve);
        return [
          {
            data,
            mark: { type: 'line' as const, color, strokeWidth: 1.6, point: { color, size: 22 } },
            encoding: { x, y },
          },
          {
            data: { values: data.values.filter(({ residual }) => residual) },
            mark: {
              type: 'point' as const,
              color,
              size: 120,
              filled: false,
              strokeWidth: 1.3,
            },
            encoding: { x, y },
          },
        ];
      }),
    }),
    sizes,
    `${title} over ${layers.length} layers: ${keys
      .map(
        (key) => `${symbolOf(key)} from ${show(layers.at(0), key)} to ${show(layers.at(-1), key)}`,
      )
      .join('; ')}`,
  );
}

const symbolOf = (key: Figure) => figures.find((figure) => figure.key === key)?.symbol ?? key;
const show = (layer: ReportedLayer | undefined, key: Figure) =>
  layer === undefined ? '–' : layer[key].toPrecision(3);

const groups: readonly { title: string; keys: readonly Figure[] }[] = [
  { title: 'Coherence', keys: ['mu', 'muAvg', 'muMse'] },
  { title: 'Angle (degrees)', keys: ['betaMin', 'betaAvg', 'betaMse'] },
  { title: 'Bounds', keys: ['A', 'B'] },
];

/** Curves over the depth and the table of all layers. */
export async function layersSection(layers: readonly ReportedLayer[]): Promise<Markup> {
  const curves = await Promise.all(
    groups.map(async ({ title, keys }) => {
      const plot = await layerCurvesPlot(layers, keys, title, { wide: 540, narrow: 350 });
      const names = keys.map((key, index) => ({
        name: symbolOf(key),
        colour: seriesColour(index),
      }));
      return html`<figure><figcaption>${title}</figcaption>${legend(names)}${plot}</figure>
`;
    }),
  );
  const marked = layers.some(({ residual }) => residual);
  const note = html`<p class="note">A and B are the smallest and the largest eigenvalue of D·Dᵀ with atoms of unit norm; A is 0 where a layer has fewer directions than inputs, and λ min+ the smallest eigenvalue above it. μ is the largest scalar product of two atoms, β the angle.${marked && ' Circles: a shortcut is added to the layer’s output.'}</p>`;
  const shown = layers.length > 1 && html`<div class="pair">${curves}</div>`;
  const { titles, rows } = layerTable(layers, layers.length <= COLUMNS);
  const table = html`<div class="scroll" style="margin-top:22px"><table class="comparison">
<thead><tr>${titles.map((title, i) => html`<th scope="col" class="${i > 0 && 'number'}">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([first, ...others]) =>
    html`<tr><th scope="row">${first}</th>${others.map((cell) => html`<td class="number">${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
  return section('Geometry of the layers', html`${shown}${table}${note}`);
}
