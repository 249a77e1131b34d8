import { type Command, Option } from 'commander';
import { type Execute, UsageError } from './command-context.js';
import { integerFrom, positive, real } from './option-parsing.js';

/** How a model responds to recordings. */
export interface SpectraRequest {
  readonly model: string;
  readonly recordings: readonly string[];
  readonly layer?: readonly string[];
  readonly bins: number;
  readonly axis: 'fourier' | 'log';
  readonly stride: number;
  /** Hz: of the model; recordings are resampled to it. */
  readonly sampleRate?: number;
  /** Inputs are scaled to [-range, range]. */
  readonly range: number;
  /** Folder for figures and numbers. */
  readonly out?: string;
}

/** How the atoms of a model's layers lie. */
export interface GeometryRequest {
  readonly model: string;
  readonly grouping: 'any' | 'inc-tssdnet' | 'res-tssdnet';
  /** Print the table in the paper's form, a column a layer. */
  readonly layerTable: boolean;
  readonly out?: string;
}

/** Where the filters of a model have their energy. */
export interface WignerRequest {
  readonly model: string;
  readonly layer?: readonly string[];
  /** Those with the most energy; absent: all. */
  readonly filters?: number;
  /** Part of each filter's highest value. */
  readonly threshold: number;
  readonly sampleRate?: number;
  readonly out?: string;
}

const MODEL = 'a safetensors file: a model of fewsound, or the state dict of any other';
const LAYER =
  'layers whose filters read the waveform; default: the first such, with those beside it';
const OUT = 'folder for figures, numbers and report.html; default: nothing is written';

/** `fewsound analyze`: declares it and what can be analysed; the work is loaded when it is called. */
export function addAnalyzeCommand(program: Command, execute: Execute): void {
  const analyze = program
    .command('analyze')
    .summary('look inside a model: response spectra, geometry of layers, filters')
    .description(
      'Looks inside a model: how its first layer responds to recordings (spectra), how the atoms of its layers lie (geometry), where its filters have their energy (wigner).',
    )
    .allowExcessArguments()
    .action(() => {
      const [what] = analyze.args;
      throw new UsageError(
        `${what === undefined ? 'missing what to analyze' : `'${what}' is nothing to analyze`}: fewsound analyze spectra|geometry|wigner MODEL`,
      );
    });
  addSpectra(analyze, execute);
  addGeometry(analyze, execute);
  addWigner(analyze, execute);
}

function addSpectra(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('spectra')
    .argument('<model>', MODEL)
    .argument('<audio...>', 'recordings')
    .summary('how the first layer responds to recordings, over time and frequency')
    .description(
      'Short-time and cumulative response spectra (STRS, CRS) of the filters of a layer that reads the waveform.',
    )
    .option('--layer <name...>', LAYER)
    .option('--bins <count>', 'frequencies; a Fourier axis has one more', integerFrom(1), 512)
    .addOption(
      new Option('--axis <kind>', 'frequencies in equal steps, or in equal ratios from 50 Hz')
        .choices(['fourier', 'log'])
        .default('fourier'),
    )
    .option('--stride <samples>', 'between two responses', integerFrom(1), 10)
    .option(
      '--sample-rate <hertz>',
      "of the model; recordings are resampled to it; default: what the model's file says, or the rate of the recordings",
      integerFrom(1),
    )
    .option('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1)
    .option('--out <folder>', OUT);
  command.action((model: string, recordings: string[]) =>
    execute(command, async (context) => {
      const flags = command.opts<Omit<SpectraRequest, 'model' | 'recordings'>>();
      const { analyzeSpectra } = await import('./analyze-spectra.js');
      return analyzeSpectra({ ...flags, model, recordings }, context);
    }),
  );
}

function addGeometry(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('geometry')
    .argument('<model>', MODEL)
    .summary('how the atoms of the layers lie: bounds, angles, coherence')
    .description(
      'Geometric properties of every layer as a dictionary, atoms of unit norm, in float64: bounds A and B, angles β in degrees, coherences μ.',
    )
    .addOption(
      new Option('--model <kind>', 'how layers are counted')
        .choices(['inc-tssdnet', 'res-tssdnet', 'any'])
        .default('any'),
    )
    .option('--layer-table', "print the table in the paper's form, a column a layer")
    .option('--out <folder>', OUT);
  command.action((model: string) =>
    execute(command, async () => {
      const flags = command.opts<{
        model: GeometryRequest['grouping'];
        layerTable?: boolean;
        out?: string;
      }>();
      const { analyzeGeometry } = await import('./analyze-geometry.js');
      return analyzeGeometry({
        model,
        grouping: flags.model,
        layerTable: flags.layerTable === true,
        ...(flags.out !== undefined && { out: flags.out }),
      });
    }),
  );
}

function addWigner(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('wigner')
    .argument('<model>', MODEL)
    .summary('where filters have their energy over time and frequency')
    .description('Contours of the Wigner-Ville distributions of filters that read the waveform.')
    .option('--layer <name...>', LAYER)
    .option('--filters <count>', 'those with the most energy; default: all', integerFrom(1))
    .option('--threshold <part>', "of each filter's highest value, from 0 to below 1", real, 0.7)
    .option(
      '--sample-rate <hertz>',
      "of the model; default: what the model's file says, else 16000",
      integerFrom(1),
    )
    .option('--out <folder>', OUT);
  command.action((model: string) =>
    execute(command, async () => {
      const flags = command.opts<Omit<WignerRequest, 'model'>>();
      const { analyzeWigner } = await import('./analyze-wigner.js');
      return analyzeWigner({ ...flags, model });
    }),
  );
}
