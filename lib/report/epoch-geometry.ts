import {
  compared,
  FIGURES_MEAN,
  layerPanel,
  layersLeftOut,
  PANEL,
  SHOWN_LAYERS,
  sameLayers,
} from './analysis-layers.js';
import type { ReportedLayer } from './analysis-report-input.js';
import { type Curve, curvesPlot, describeEnds } from './curve-plot.js';
import type { LayerFigure } from './layer-table.js';
import { layerTableMarkup } from './layer-table.js';
import { html, type Markup, section } from './page.js';
import { seriesColour } from './svg-plot.js';
import type { ReportedEpoch } from './types.js';

/** Epochs up to which each has a dot. */
const DOTS = 60;

/**
 * The layers before training and after the last epoch as a table (paper 2, Tables 2 and 3), and their figures over the epochs.
 *
 * @param best the epoch whose model is kept
 */
export async function epochGeometrySection(
  geometry: readonly ReportedEpoch[],
  best: number | undefined,
): Promise<Markup | undefined> {
  const epochs = geometry.filter(({ layers }) => layers.length > 0);
  const [first, ...later] = epochs;
  if (first === undefined) return undefined;
  const last = later.at(-1);
  const table = layerTableMarkup(
    [first, ...(last ? [last] : [])].map(({ epoch, layers }) => ({ name: after(epoch), layers })),
  );
  const drawn = later.length > 0 && sameLayers(epochs);
  const curves = drawn ? await figureCurves(epochs, best) : [];
  const note = [
    `The curves show by how much a figure differs from what it was ${first.epoch === 0 ? 'before training' : `after epoch ${first.epoch}`}.`,
    ...(best !== undefined ? ['The dashed line is at the best validation.'] : []),
    layersLeftOut(first.layers.length),
  ];
  return section(
    'Geometry of the layers',
    html`<div class="pair">${curves}</div>${drawn && html`<p class="note">${note.join(' ').trim()}</p>`}${table}<p class="note">${FIGURES_MEAN}</p>`,
  );
}

const after = (epoch: number) => (epoch === 0 ? 'Before training' : `After epoch ${epoch}`);

function figureCurves(epochs: readonly ReportedEpoch[], best: number | undefined) {
  const layers = (epochs[0]?.layers ?? []).slice(0, SHOWN_LAYERS);
  return Promise.all(
    compared.map(async ({ title, figure }) => {
      const curves = layers.map(
        ({ name }, index): Curve => ({
          name,
          colour: seriesColour(index),
          points: changesOf(epochs, index, figure),
          dots: epochs.length <= DOTS,
        }),
      );
      const axes = {
        x: 'Epoch',
        y: { title: `Change of ${figure.symbol}`, type: 'linear' as const },
        mark: best,
      };
      const label = `Change of ${title} over the epochs: ${describeEnds(curves, '')}`;
      return layerPanel(title, curves, await curvesPlot(curves, axes, PANEL, label));
    }),
  );
}

/**
 * How far a figure is from where it began, where it is finite. The layers of a model differ by so much more than a layer changes
 * that on one axis its own course could not be seen.
 */
function changesOf(epochs: readonly ReportedEpoch[], index: number, figure: LayerFigure) {
  const values = epochs.map(({ layers }) => figure.of(layers[index] as ReportedLayer));
  return epochs.flatMap(({ epoch }, place) => {
    const value = (values[place] as number) - (values[0] as number);
    return Number.isFinite(value) ? [{ x: epoch, value }] : [];
  });
}
