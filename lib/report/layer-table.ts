import type { LayerGeometry } from '../analysis/index.js';
import { html, type Markup, note, table } from './page.js';

/** The layers of a model, or of a model at one time of its training. */
export interface NamedLayers {
  /** What to call the model. */
  readonly name: string;
  readonly layers: readonly LayerGeometry[];
}

/** A figure of a layer's geometry. */
export interface LayerFigure {
  /** As paper 2 writes it. */
  readonly symbol: string;
  readonly of: (layer: LayerGeometry) => number;
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
function figuresOf(layers: readonly LayerGeometry[]): readonly LayerFigure[] {
  const { betaGap, ...always } = layerFigures;
  const searched = layers.some(({ gap }) => gap !== undefined);
  return [...Object.values(always), ...(searched ? [betaGap] : [])];
}

/** Four decimals, as the paper has them; an exact zero looks different from a small number. */
function formatFigure(value: number): string {
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
 * The layers of models as a table. In the paper's form (Tables 2 to 4) a metric has a row and a
 * layer a column, those of several models side by side; otherwise a layer has a row.
 */
export function layerTable(models: readonly NamedLayers[], paperForm: boolean): LayerTable {
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

/**
 * The table on a page, in the paper's form while that is not too wide, and what its figures are.
 */
export function layerTableMarkup(models: readonly NamedLayers[], remark = ''): Markup {
  const count = models.reduce((sum, { layers }) => sum + layers.length, 0);
  const paperForm = count <= COLUMNS;
  const { titles, rows, texts } = layerTable(models, paperForm);
  const text = (cell: string) => html`<td>${cell}</td>`;
  const cells = rows.map((row) => row.map((cell, i) => (i > 0 && i < texts ? text(cell) : cell)));
  const own = paperForm
    ? ['Metric', ...models.flatMap(({ layers }) => layers.map(({ name }) => name))]
    : titles.map((title, i) => (i < texts ? html`<th scope="col">${title}</th>` : title));
  const over =
    paperForm && models.length > 1
      ? html`<tr><th></th>${models.map(({ name, layers }) => html`<th scope="colgroup" colspan="${layers.length}" style="text-align:center">${name}</th>`)}</tr>
`
      : undefined;
  return html`<div style="margin-top:22px">${table('comparison', own, cells, { over })}</div>${note(FIGURES_MEAN, remark)}`;
}

/** What the figures of a layer are, for the note below them. */
const FIGURES_MEAN =
  'A and B are the smallest and the largest eigenvalue of D·Dᵀ with atoms of unit norm; A is 0 where a layer has fewer directions than inputs, and λ min+ the smallest eigenvalue above it. μ is the largest scalar product of two atoms, β the angle.';
