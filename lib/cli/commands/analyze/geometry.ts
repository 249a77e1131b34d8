import { parse, resolve, sep } from 'node:path';
import { type Command, Option } from 'commander';
import {
  geometryOfModel,
  type LayerDescription,
  type LayerGeometry,
  type ModelGeometryOptions,
} from '../../../analysis/index.js';
import { writeFileAtomic } from '../../../files.js';
import { layerCurvesSvg, layerTable, writeAnalysisReport } from '../../../report/index.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import type { CommandResult, Execute } from '../../command.js';
import { packageVersion } from '../../machine.js';
import { type FileWriter, RunFolder, readJsonFile } from '../../runs/folder.js';
import { MODEL_ARGUMENT, OUT_FLAG, ofModel, readAnalyzedModel } from './model.js';

/** How the atoms of the layers of models lie. */
export interface GeometryRequest {
  /** Several: models side by side, or one at several times of its training. */
  readonly models: readonly string[];
  readonly grouping: 'any' | 'inc-tssdnet' | 'res-tssdnet';
  /** A JSON file that describes the layers; it takes the place of the grouping. */
  readonly layers?: string;
  /** Only these. */
  readonly layer?: readonly string[];
  /** Search for the directions that the atoms represent worst. */
  readonly gap: boolean;
  /** Print the table in the paper's form, a column a layer. */
  readonly layerTable: boolean;
  readonly out?: string;
}

/** `fewsound analyze geometry`: declares it; the work is loaded when it is called. */
export function addAnalyzeGeometry(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('geometry')
    .argument('<models...>', `${MODEL_ARGUMENT}; several are put side by side, in their order`)
    .summary('how the atoms of the layers lie: bounds, angles, coherence')
    .description(
      'Geometric properties of every layer as a dictionary, atoms of unit norm, in float64: bounds A and B, angles β in degrees, coherences μ.',
    )
    .addOption(
      new Option('--model <kind>', 'how layers are counted')
        .choices(['inc-tssdnet', 'res-tssdnet', 'any'])
        .default('any'),
    )
    .option(
      '--layers <file>',
      'JSON that describes the layers: [{"name", "branches": [{"weight", "dilation"?, "groups"?}], "residual"?}]',
    )
    .option('--layer <name...>', 'only these, or those whose names begin so')
    .option('--gap', 'also search for the directions farthest from all atoms')
    .option('--layer-table', "print the table in the paper's form, a column a layer")
    .option(...OUT_FLAG);
  command.action((models: string[]) =>
    execute(command, async () => {
      const { model, ...flags } = command.opts<
        Omit<GeometryRequest, 'models' | 'grouping'> & { model: GeometryRequest['grouping'] }
      >();
      return analyzeGeometry({
        ...flags,
        models,
        grouping: model,
        gap: flags.gap === true,
        layerTable: flags.layerTable === true,
      });
    }),
  );
}

/** A model with the geometry of its layers. */
interface Analyzed {
  readonly file: string;
  readonly name: string;
  readonly layers: readonly LayerGeometry[];
}

/** The geometry of the layers of models: `fewsound analyze geometry`. */
export async function analyzeGeometry(request: GeometryRequest): Promise<CommandResult> {
  const model = await groupingOf(request);
  const models: Analyzed[] = [];
  const names = distinctNames(request.models);
  for (const [index, file] of request.models.entries()) {
    models.push({ ...(await analyze(file, model, request)), name: names[index] as string });
  }
  const files = request.out === undefined ? undefined : await writeFiles(request, models);
  const [first, ...others] = models as [Analyzed, ...Analyzed[]];
  const found =
    others.length === 0
      ? { model: first.file, layers: first.layers.map(plain) }
      : { models: models.map(({ file, layers }) => ({ model: file, layers: layers.map(plain) })) };
  const grouping = request.layers ?? request.grouping;
  return {
    json: { grouping, ...found, ...(files && { files }) },
    text: describe(request, models, files?.report),
  };
}

/** Names of files, or where these are the same the folders by which the paths differ, such as those of runs. */
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
}: GeometryRequest): Promise<NonNullable<ModelGeometryOptions['model']>> {
  if (layers === undefined) return grouping;
  const hint = '--layers takes a JSON file that describes the layers of the model.';
  // Its form is checked where it is used.
  const described = await readJsonFile(layers, hint);
  return (Array.isArray(described) ? described : [described]) as LayerDescription[];
}

async function analyze(
  file: string,
  model: NonNullable<ModelGeometryOptions['model']>,
  { layer, gap, out }: GeometryRequest,
): Promise<Analyzed> {
  return scope(async () => {
    const { state, spline, name } = await readAnalyzedModel(file);
    const options = {
      ...{ model, gap },
      ...(spline && { spline }),
      ...(layer && { layers: layer }),
      distributions: out !== undefined,
    };
    return { file, name, layers: ofModel(name, () => geometryOfModel(state, options)) };
  });
}

/** JSON makes objects of typed arrays. */
function plain({ babel, eigenvalues, ...layer }: LayerGeometry): object {
  return {
    ...layer,
    ...(babel && { babel: [...babel] }),
    ...(eigenvalues && { eigenvalues: [...eigenvalues] }),
  };
}

function describe(
  { layerTable: paperForm }: GeometryRequest,
  models: readonly Analyzed[],
  report: string | undefined,
): string {
  const { titles, rows, texts } = layerTable(models, paperForm);
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

/** What the panels of `layerCurvesSvg` are called. */
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
  { out, layers, grouping }: GeometryRequest,
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
  const paths = await folder.write(
    writers,
    Object.fromEntries(Object.keys(writers).map((name) => [name, name])),
  );
  return {
    report: paths['report.html'] as string,
    curves: curves.map(([name]) => paths[name] as string),
  };
}
