import { geometryOfModel, type LayerGeometry } from '../analysis/index.js';
import { layerTable, writeAnalysisReport } from '../report/index.js';
import { textTable } from '../report/text-table.js';
import { scope } from '../tensor/index.js';
import type { GeometryRequest } from './analyze-command.js';
import { readAnalyzedModel } from './analyzed-model.js';
import type { CommandResult } from './command-context.js';
import { RunFolder } from './run-folder.js';
import { packageVersion } from './versions.js';

/** The geometry of a model's layers: `fewsound analyze geometry`. */
export async function analyzeGeometry({
  model: path,
  grouping,
  layerTable: paperForm,
  out,
}: GeometryRequest): Promise<CommandResult> {
  return scope(async () => {
    const { state, spline, name } = await readAnalyzedModel(path);
    const layers = geometryOfModel(state, { model: grouping, ...(spline && { spline }) });
    const { titles, rows } = layerTable(layers, paperForm);
    const columns = titles.map((title, index) => ({
      title,
      align: index === 0 || (!paperForm && index === 1) ? ('left' as const) : ('right' as const),
    }));
    const report = out === undefined ? undefined : await writeReport(out, name, grouping, layers);
    const marked = !paperForm && layers.some(({ residual }) => residual);
    const text = [
      textTable(columns, rows),
      ...(marked ? ["\n○ a shortcut is added to the layer's output"] : []),
      ...leftOut(layers),
      ...(report === undefined ? [] : [`\nReport: ${report}`]),
    ].join('\n');
    return {
      json: { model: path, grouping, layers, ...(report !== undefined && { files: { report } }) },
      text,
    };
  });
}

/** Says which layers have atoms without a direction. */
function leftOut(layers: readonly LayerGeometry[]): string[] {
  return layers.flatMap(({ name, zeroAtoms, nonFiniteAtoms }) =>
    zeroAtoms + nonFiniteAtoms === 0
      ? []
      : [`${name}: left out ${zeroAtoms} atoms of zeros and ${nonFiniteAtoms} that are not finite`],
  );
}

async function writeReport(
  out: string,
  name: string,
  grouping: string,
  layers: readonly LayerGeometry[],
): Promise<string> {
  const folder = await RunFolder.open(out);
  const { report } = await folder.write(
    {
      report: (path) =>
        writeAnalysisReport(path, {
          title: `The layers of ${name}`,
          summary: `${layers.length} layers as dictionaries: a column for each output, scaled to unit norm; computed in float64.`,
          layers,
          facts: { Analysis: { model: name, 'layers counted as': grouping } },
          version: packageVersion(),
        }),
    },
    { report: 'report.html' },
  );
  return report;
}
