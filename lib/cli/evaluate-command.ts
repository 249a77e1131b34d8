import { type Command, Option } from 'commander';
import type { Split } from '../data/index.js';
import { type Execute, UsageError } from './command-context.js';
import { type DeviceName, deviceName, integerFrom } from './option-parsing.js';

/** Trained models, and what to measure them on. */
export interface EvaluateRequest {
  /** Folders of runs, or files of models. */
  readonly models: readonly string[];
  /** Folder of a prepared corpus. */
  readonly corpus: string;
  readonly split: Split;
  /** Segments at most. */
  readonly limit: number;
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
  readonly format: 'text' | 'markdown';
}

/** `fewsound evaluate`: declares it; the work is loaded when it is called. */
export function addEvaluateCommand(program: Command, execute: Execute): void {
  const command = program
    .command('evaluate')
    .argument(
      '<paths...>',
      'folders of runs (their best model) or files of models; last the prepared corpus',
    )
    .usage('RUN... CORPUS [options]')
    .summary('measure trained models on a prepared corpus')
    .description(
      "Passes segments of a prepared corpus through trained models and prints the columns of the paper's tables, a row a model.",
    )
    .addOption(
      new Option('--split <name>', 'part of the corpus')
        .choices(['validation', 'train'])
        .default('validation'),
    )
    .option('--limit <segments>', 'segments at most, spread over the part', integerFrom(1), 512)
    .option('--device <name>', 'cpu, cuda or cuda:N; default: CUDA where there is one', deviceName)
    .addOption(
      new Option('--format <name>', 'of the table').choices(['text', 'markdown']).default('text'),
    )
    .option('-q, --quiet', 'no progress on standard error');
  command.action((paths: string[]) =>
    execute(command, async (context) => {
      const corpus = paths.at(-1);
      const models = paths.slice(0, -1);
      if (models.length === 0 || corpus === undefined) {
        throw new UsageError('missing the corpus: fewsound evaluate RUN... CORPUS');
      }
      const flags = command.opts<Omit<EvaluateRequest, 'models' | 'corpus'>>();
      const { split, limit, format, device } = flags;
      const { evaluateModels } = await import('./evaluate.js');
      return evaluateModels(
        { models, corpus, split, limit, format, ...(device && { device }) },
        context,
      );
    }),
  );
}
