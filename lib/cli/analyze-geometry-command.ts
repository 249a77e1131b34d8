import { type Command, Option } from 'commander';
import { MODEL_ARGUMENT, OUT_FLAG } from './analyze-flags.js';
import type { Execute } from './command-context.js';

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
      const { analyzeGeometry } = await import('./analyze-geometry.js');
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
