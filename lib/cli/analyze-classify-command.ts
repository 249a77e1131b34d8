import { type Command, Option } from 'commander';
import { type DigitTask, digitTasks } from '../data/classes/spoken-digits.js';
import { addWaveformFlags, MODEL_ARGUMENT, type WaveformFlags } from './analyze-flags.js';
import { type Execute, UsageError } from './command-context.js';
import { integerFrom, positive } from './option-parsing.js';

/** How well classes can be told apart by a model's responses. */
export interface ClassifyRequest extends WaveformFlags {
  readonly model: string;
  readonly folder: string;
  /** A protocol file of ASVspoof 2019. */
  readonly protocol?: string;
  /** Systems whose spoofs are taken. */
  readonly attacks?: readonly string[];
  /** The folder holds spoken digits, in classes by this. */
  readonly digits?: DigitTask;
  /** Recordings of a class at most. */
  readonly limit?: number;
  readonly samples: number;
  readonly stride: number;
  readonly bins: number;
  readonly range: number;
  readonly folds: number;
  readonly degree: number;
  readonly cost: number;
  readonly seed: number;
  /** Threads that learn folds. */
  readonly workers?: number;
}

/** `fewsound analyze classify`: declares it; the work is loaded when it is called. */
export function addAnalyzeClassify(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('classify')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<folder>', 'recordings, with a sub-folder for each class')
    .summary('how well classes are told apart by the responses of the first layer')
    .description(
      'Cumulative response spectra (CRS) of all recordings as features of a support vector machine with a polynomial kernel, cross-validated: accuracy, and of two classes the equal error rate too, each with its deviation over the folds.',
    )
    .option('--protocol <file>', 'the folder holds ASVspoof 2019, listed by this protocol file')
    .option('--attacks <system...>', 'with --protocol: spoofs of these systems only, such as A07')
    .addOption(
      new Option(
        '--digits <task>',
        'the folder holds spoken digits DIGIT_SPEAKER_INDEX.wav, in classes by this',
      ).choices(digitTasks),
    )
    .option('--limit <count>', 'recordings of a class at most, chosen by --seed', integerFrom(1));
  addWaveformFlags(command)
    .option(
      '--samples <count>',
      'cut recordings to so many samples, or put zeros behind them',
      integerFrom(1),
      16_000,
    )
    .option('--stride <samples>', 'between two responses', integerFrom(1), 10)
    .option('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512)
    .option('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1)
    .option('--folds <count>', 'parts of the cross-validation', integerFrom(2), 5)
    .option('--degree <number>', 'of the polynomial kernel', integerFrom(1), 3)
    .option('--cost <number>', 'C, what a recording on the wrong side costs', positive(), 1)
    .option('--seed <number>', 'of the folds', integerFrom(0), 0)
    .option(
      '--workers <n>',
      'threads for the folds; default: one for each processor',
      integerFrom(0),
    )
    .option('-q, --quiet', 'no progress on standard error');
  command.action((model: string, folder: string) =>
    execute(command, async (context) => {
      const flags = command.opts<Omit<ClassifyRequest, 'model' | 'folder'>>();
      if (flags.protocol === undefined && flags.attacks !== undefined) {
        throw new UsageError('--attacks are those of a protocol: give --protocol FILE.');
      }
      if (flags.protocol !== undefined && flags.digits !== undefined) {
        throw new UsageError('--digits and --protocol exclude each other.');
      }
      const { analyzeClassify } = await import('./analyze-classify.js');
      return analyzeClassify({ ...flags, model, folder }, context);
    }),
  );
}
