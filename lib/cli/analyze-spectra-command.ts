import { type Command, InvalidArgumentError, Option } from 'commander';
import { addWaveformFlags, MODEL_ARGUMENT, OUT_FLAG, type WaveformFlags } from './analyze-flags.js';
import { type Execute, UsageError } from './command-context.js';
import { integerFrom, type Parser, positive } from './option-parsing.js';

/** How a model responds to recordings. */
export interface SpectraRequest extends WaveformFlags {
  readonly model: string;
  /** Files of recordings, and folders of recordings of one class. */
  readonly recordings: readonly string[];
  /** Another model, whose responses are subtracted. */
  readonly against?: string;
  /** Subtract the response to the second of two recordings from that to the first. */
  readonly difference: boolean;
  /** The class of a recording is what the first group of this matches in the name of its file. */
  readonly classBy?: RegExp;
  /** Cut recordings to this, or fill them up with zeros. */
  readonly samples?: number;
  readonly bins: number;
  readonly axis: 'fourier' | 'log';
  /** Hz: where a logarithmic axis begins. */
  readonly lowest: number;
  /** Periods of a constant-Q window. */
  readonly quality?: number;
  readonly stride: number;
  /** Inputs are scaled to [-range, range]. */
  readonly range: number;
  /** Folder for figures and numbers. */
  readonly out?: string;
}

const pattern: Parser<RegExp> = (text) => {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression. ${(error as Error).message}`);
  }
};

/** `fewsound analyze spectra`: declares it; the work is loaded when it is called. */
export function addAnalyzeSpectra(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('spectra')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<audio...>', 'recordings; a folder stands for those in it, which are one class')
    .summary('how the first layer responds to recordings, over time and frequency')
    .description(
      'Short-time and cumulative response spectra (STRS, CRS) of the filters that read the waveform: for each recording, for classes of recordings, and as a difference of two recordings or two models.',
    );
  addWaveformFlags(command)
    .option('--stride <samples>', 'between two responses', integerFrom(1), 10)
    .option(
      '--samples <count>',
      'cut recordings to so many samples, or fill them up with zeros; default: as they are',
      integerFrom(1),
    )
    .option('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1)
    .option('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512)
    .addOption(
      new Option('--axis <kind>', 'frequencies in equal steps, or in equal ratios')
        .choices(['fourier', 'log'])
        .default('fourier'),
    )
    .option('--lowest <hertz>', 'where the axis in equal ratios begins', positive(), 50)
    .option(
      '--quality <periods>',
      'with --axis log: see filters through windows of so many periods, as a constant-Q transform',
      positive(),
    )
    .option(
      '--class-by <pattern>',
      'the class of a recording: what the first group of this regular expression matches in its name',
      pattern,
    )
    .option('--difference', 'of two recordings: the first minus the second')
    .option('--against <model>', 'another model: the difference of their responses')
    .option(...OUT_FLAG);
  command.action((model: string, recordings: string[]) =>
    execute(command, async (context) => {
      const flags = command.opts<Omit<SpectraRequest, 'model' | 'recordings'>>();
      const difference = flags.difference === true;
      if (difference && recordings.length !== 2) {
        throw new UsageError(
          `--difference is of two recordings, and there are ${recordings.length}: fewsound analyze spectra MODEL FIRST SECOND --difference`,
        );
      }
      const { analyzeSpectra } = await import('./analyze-spectra.js');
      return analyzeSpectra({ ...flags, difference, model, recordings }, context);
    }),
  );
}
