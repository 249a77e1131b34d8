import { parse, resolve, sep } from 'node:path';
import type {
  LayerDescription,
  LayerGeometry,
  ModelGeometryOptions,
} from '../../../analysis/index.js';
import { layerGeometries } from '../../../analysis/model-geometry.js';
import { readJson, writeFileAtomic } from '../../../files.js';
import { layerCurvesSvg, layerTable, writeAnalysisReport } from '../../../report/index.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import { defineCommand, letInterrupt, ofModel, type Values } from '../../command.js';
import { argument, choice, flag } from '../../flags/parsers.js';
import { packageVersion } from '../../machine.js';
import { type FileWriter, RunFolder } from '../../runs/folder.js';
import { MODEL_ARGUMENT, outFlag, readAnalyzedModel } from './model.js';

const inputs = {
  models: argument(
    '<models...>',
    `${MODEL_ARGUMENT}; several are put side by side, in their order`,
  ),
  grouping: choice(
    '--model <kind>',
    'how layers are counted',
    ['inc-tssdnet', 'res-tssdnet', 'any'],
    'any',
  ),
  layers: flag(
    '--layers <file>',
    'JSON that describes the layers: [{"name", "branches": [{"weight", "dilation"?, "groups"?}], "residual"?}]',
  ),
  layer: flag('--layer <name...>', 'only these, or those whose names begin so'),
  gap: flag('--gap', 'also search for the directions farthest from all atoms'),
  layerTable: flag('--layer-table', "print the table in the paper's form, a column a layer"),
  out: outFlag,
};

type Given = Values<typeof inputs>;

export const geometry = defineCommand({
  description:
    'Geometric properties of every layer as a dictionary, atoms of unit norm, in float64: bounds A and B, angles β in degrees, coherences μ.',
  examples: [
    'fewsound analyze geometry model.pth --layer-table',
    'fewsound analyze geometry first.pth second.pth --out geometry',
  ],
  inputs,
  async run(given, { signal }) {
    const model = await groupingOf(given);
    const models: Analyzed[] = [];
    const names = distinctNames(given.models);
    for (const [index, file] of given.models.entries()) {
      models.push({ ...(await analyze(file, model, given, signal)), name: names[index] as string });
    }
    const files = given.out === undefined ? undefined : await writeFiles(given, models);
    const listed = models.map(({ file, layers }) => ({ model: file, layers: layers.map(plain) }));
    const found = listed.length === 1 ? listed[0] : { models: listed };
    return {
      json: { grouping: given.layers ?? given.grouping, ...found, files },
      text: describe(given, models, files?.report),
    };
  },
});

/** A model with the geometry of its layers. */
interface Analyzed {
  readonly file: string;
  readonly name: string;
  readonly layers: readonly LayerGeometry[];
}

/** Names of files, or where these are the same, of the folders in which the paths differ. */
function distinctNames(files: readonly string[]): string[] {
  const parts = files.map((file) => {
    const { dir, name } = parse(resolve(file));
    return [name, ...dir.split(sep).reverse()];
  });
  const depth = Math.max(...parts.map(({ length }) => length));
  for (let level = 0; level < depth; level++) {
    const names = parts.map((part) => part[level] ?? '');
    if (new Set(names).size === files.length) return names;
  }
  return [...files];
}

async function groupingOf({
  layers,
  grouping,
}: Given): Promise<NonNullable<ModelGeometryOptions['model']>> {
  if (layers === undefined) return grouping;
  const hint = '--layers takes a JSON file that describes the layers of the model.';
  // Its form is checked where it is used.
  const described = await readJson(layers, { missing: hint });
  return (Array.isArray(described) ? described : [described]) as LayerDescription[];
}

async function analyze(
  file: string,
  model: NonNullable<ModelGeometryOptions['model']>,
  { layer, gap, out }: Given,
  signal: AbortSignal,
): Promise<Analyzed> {
  return scope(async () => {
    const { state, spline, name } = await readAnalyzedModel(file);
    const options = { model, gap, spline, layers: layer, distributions: out !== undefined };
    const layers: LayerGeometry[] = [];
    await letInterrupt(signal);
    for (const compute of ofModel(name, () => layerGeometries(state, options))) {
      layers.push(ofModel(name, compute));
      await letInterrupt(signal);
    }
    return { file, name, layers };
  });
}

/** A layer for JSON, which turns typed arrays into objects. */
function plain({ babel, eigenvalues, ...layer }: LayerGeometry): object {
  return { ...layer, babel: babel && [...babel], eigenvalues: eigenvalues && [...eigenvalues] };
}

function describe(
  { layerTable: paperForm }: Given,
  models: readonly Analyzed[],
  report: string | undefined,
): string {
  const { titles, rows, texts } = layerTable(models, paperForm === true);
  const columns = titles.map((title, index) => ({
    title,
    align: index < texts ? ('left' as const) : ('right' as const),
  }));
  const marked = !paperForm && models.some(({ layers }) => layers.some(({ residual }) => residual));
  return [
    textTable(columns, rows),
    ...(marked ? ["\n○ a shortcut is added to the layer's output"] : []),
    ...models.flatMap(leftOut),
    ...(report === undefined ? [] : [`\nReport: ${report}`]),
  ].join('\n');
}

/** Says which layers have atoms without a direction. */
function leftOut({ layers }: Analyzed): string[] {
  return layers.flatMap(({ name, zeroAtoms, nonFiniteAtoms }) =>
    zeroAtoms + nonFiniteAtoms === 0
      ? []
      : [
          `${name}: without a direction and left out: ${zeroAtoms} of zeros, ${nonFiniteAtoms} not finite`,
        ],
  );
}

/** Names of the panels of `layerCurvesSvg`. */
const panelNames = {
  one: ['coherence', 'angles', 'bounds'],
  several: ['mu', 'mu-avg', 'beta-avg', 'upper-bound'],
};

/** Names of models, of many the first and the last. */
function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names[0]} to ${names.at(-1)}, ${names.length} models`;
}

async function writeFiles(
  { out, layers, grouping }: Given,
  models: readonly Analyzed[],
): Promise<{ report: string; curves: string[] }> {
  const names = listed(models.map(({ name }) => name));
  const count = models.reduce((sum, model) => sum + model.layers.length, 0);
  const pictures = await layerCurvesSvg(models);
  const titles = panelNames[models.length === 1 ? 'one' : 'several'];
  const curves = pictures.map((svg, index): [string, FileWriter] => [
    `${titles[index]}.svg`,
    (path) => writeFileAtomic(path, svg),
  ]);
  const writers: Record<string, FileWriter> = {
    ...Object.fromEntries(curves),
    'report.html': (path) =>
      writeAnalysisReport(path, {
        title: `The layers of ${names}`,
        summary: `${count} ${count === 1 ? 'layer' : 'layers'} as dictionaries: a column for each output, scaled to unit norm; computed in float64.`,
        models,
        facts: { Analysis: { models: names, 'layers counted as': layers ?? grouping } },
        version: packageVersion(),
      }),
  };
  const folder = await RunFolder.open(out as string);
  const paths = await folder.write(writers);
  return {
    report: paths['report.html'] as string,
    curves: curves.map(([name]) => paths[name] as string),
  };
}
