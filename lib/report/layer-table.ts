import type { ReportedLayer, ReportedLayers } from './analysis-report-input.js';
import { html, type Markup } from './page.js';

/** A figure of a layer's geometry. */
export interface LayerFigure {
  /** As paper 2 writes it. */
  readonly symbol: string;
  readonly of: (layer: ReportedLayer) => number;
}

const figure = (symbol: string, of: LayerFigure['of']): LayerFigure => ({ symbol, of });

/** Every figure by its name. */
export const layerFigures = {
  A: figure('A', ({ A }) => A),
  lambdaMinPlus: figure('λ min+', ({ lambdaMinPlus }) => lambdaMinPlus),
  B: figure('B', ({ B }) => B),
  betaMin: figure('β min', ({ betaMin }) => betaMin),
  betaAvg: figure('β avg', ({ betaAvg }) => betaAvg),
  betaMse: figure('β mse', ({ betaMse }) => betaMse),
  mu: figure('μ', ({ mu }) => mu),
  muAvg: figure('μ avg', ({ muAvg }) => muAvg),
  muMse: figure('μ mse', ({ muMse }) => muMse),
  betaGap: figure('β gap', ({ gap }) => gap?.betaGap ?? Number.NaN),
} as const;

/** The figures that these layers have, in the order of the paper's tables. */
export function figuresOf(layers: readonly ReportedLayer[]): readonly LayerFigure[] {
  const { betaGap, ...always } = layerFigures;
  const searched = layers.some(({ gap }) => gap !== undefined);
  return [...Object.values(always), ...(searched ? [betaGap] : [])];
}

/** Four decimals, as the paper has them; an exact zero is told from a small number. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toFixed(value === 0 ? 1 : 4);
}

/** A table of layers as rows of text: the titles, then the rows. */
export interface LayerTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns at the left are texts and not numbers. */
  readonly texts: number;
}

/** Columns up to which a page has the paper's form. */
const COLUMNS = 10;

/**
 * The layers of models as a table. In the paper's form (Tables 2 to 4) a metric has a row and a layer a column, those of
 * several models side by side; otherwise a layer has a row.
 */
export function layerTable(models: readonly ReportedLayers[], paperForm: boolean): LayerTable {
  const figures = figuresOf(models.flatMap(({ layers }) => layers));
  const several = models.length > 1;
  if (paperForm) {
    const columns = models.flatMap(({ name, layers }) =>
      layers.map((layer) => ({ title: several ? `${name} ${layer.name}` : layer.name, layer })),
    );
    return {
      titles: ['Metric', ...columns.map(({ title }) => title)],
      rows: figures.map(({ symbol, of }) => [
        symbol,
        ...columns.map(({ layer }) => formatFigure(of(layer))),
      ]),
      texts: 1,
    };
  }
  const titles = ['Layer', 'Kind', 'Size', ...figures.map(({ symbol }) => symbol)];
  return {
    titles: several ? ['Model', ...titles] : titles,
    rows: models.flatMap(({ name, layers }) =>
      layers.map((layer) => [
        ...(several ? [name] : []),
        `${layer.name}${layer.residual ? ' ○' : ''}`,
        layer.kind,
        `${layer.dimension} × ${layer.atoms}`,
        ...figures.map(({ of }) => formatFigure(of(layer))),
      ]),
    ),
    texts: several ? 3 : 2,
  };
}

/** The table on a page: in the paper's form while that is not too wide. */
export function layerTableMarkup(models: readonly ReportedLayers[]): Markup {
  const count = models.reduce((sum, { layers }) => sum + layers.length, 0);
  const paperForm = count <= COLUMNS;
  const { titles, rows, texts } = layerTable(models, paperForm);
  const number = (index: number) => (index >= texts ? 'number' : '');
  const over =
    paperForm && models.length > 1
      ? html`<tr><th></th>${models.map(({ name, layers }) => html`<th scope="colgroup" colspan="${layers.length}" style="text-align:center">${name}</th>`)}</tr>
`
      : '';
  const own = paperForm
    ? ['Metric', ...models.flatMap(({ layers }) => layers.map(({ name }) => name))]
    : titles;
  return html`<div class="scroll" style="margin-top:22px"><table class="comparison">
<thead>${over}<tr>${own.map((title, index) => html`<th scope="col" class="${number(index)}">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([first, ...others]) =>
    html`<tr><th scope="row">${first}</th>${others.map((cell, index) => html`<td class="${number(index + 1)}">${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}
