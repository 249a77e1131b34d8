import type { ReportedLayers } from './analysis-report-input.js';
import { html, type Markup } from './html.js';
import { figuresOf, formatFigure } from './layer-figures.js';

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
