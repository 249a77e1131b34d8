import { type Command, Option } from 'commander';
import { type Execute, UsageError } from './command-context.js';
import { type DeviceName, deviceName, integerFrom } from './option-parsing.js';
import type { ConfigChanges } from './train-config.js';

/** Where a training computes; it does not change what comes out but for rounding. */
export interface TrainMachine {
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
  /** What carries the gradients between processes. */
  readonly backend?: 'gloo' | 'nccl';
}

/** A training from its beginning. */
export interface TrainRequest {
  /** A JSON file. */
  readonly config: string;
  /** Folder of the run. */
  readonly out?: string;
  readonly changes: ConfigChanges;
  readonly machine: TrainMachine;
}

/** A training from its last checkpoint. */
export interface ResumeTrainingRequest {
  /** Folder of the run. */
  readonly folder: string;
  readonly changes: ConfigChanges;
  readonly machine: TrainMachine;
}

interface TrainFlags extends ConfigChanges, TrainMachine {
  readonly out?: string;
  readonly resume?: string;
}

/** Options that decide the course of a training, which cannot change under way. */
const NOT_WITH_RESUME = ['out', 'precision'] as const;

/** `fewsound train`: declares it; the work is loaded when it is called. */
export function addTrainCommand(program: Command, execute: Execute): void {
  const command = program
    .command('train')
    .argument(
      '[config]',
      'a JSON file: model, corpus and training (configs/ holds those of the paper)',
    )
    .summary('train a model that writes networks on a prepared corpus')
    .description(
      'Trains FewSound or HyperSound on a corpus that `fewsound prepare` made and writes a folder with checkpoints, the log, events for TensorBoard and a report. Started by torchrun, all processes train together.',
    )
    .usage('CONFIG.json [options]\n       fewsound train --resume RUN')
    .option('--out <folder>', 'folder of the run; default: fewsound-out/NAME of CONFIG')
    .option('--resume <folder>', 'go on with the training in this folder from its last checkpoint')
    .option('--corpus <folder>', 'the prepared corpus, in place of the one in CONFIG')
    .option('--epochs <count>', 'in place of those in CONFIG', integerFrom(1))
    .addOption(
      new Option(
        '--precision <name>',
        'in place of that in CONFIG; bfloat16: encoder and hypernetwork compute in it',
      ).choices(['float32', 'bfloat16']),
    )
    .option(
      '--device <name>',
      'cpu, cuda or cuda:N; default: CUDA where there is one, of several processes a device each',
      deviceName,
    )
    .option('--threads <count>', "threads of the CPU; default: LibTorch's choice", integerFrom(1))
    .addOption(
      new Option(
        '--backend <name>',
        'between processes; default: nccl for CUDA devices where it is there, else gloo',
      ).choices(['gloo', 'nccl']),
    )
    .option('-q, --quiet', 'no progress on standard error');
  command.action((config: string | undefined) =>
    execute(command, async (context) => {
      const { out, resume, device, backend, corpus, epochs, precision, threads } =
        command.opts<TrainFlags>();
      const machine: TrainMachine = { ...(device && { device }), ...(backend && { backend }) };
      const changes: ConfigChanges = {
        ...(corpus !== undefined && { corpus }),
        ...(epochs !== undefined && { epochs }),
        ...(precision !== undefined && { precision }),
        ...(threads !== undefined && { threads }),
      };
      if (resume !== undefined) {
        refuseWithResume(command, config);
        const { resumeTraining } = await import('./train.js');
        return resumeTraining({ folder: resume, changes, machine }, context);
      }
      if (config === undefined) {
        throw new UsageError('missing the configuration: fewsound train CONFIG.json');
      }
      const { startTraining } = await import('./train.js');
      return startTraining(
        { config, changes, machine, ...(out !== undefined && { out }) },
        context,
      );
    }),
  );
}

function refuseWithResume(command: Command, config: string | undefined): void {
  const other = NOT_WITH_RESUME.find((name) => command.getOptionValueSource(name) === 'cli');
  if (config === undefined && other === undefined) return;
  const what = config === undefined ? `--${other} cannot change` : `${config} is not read`;
  throw new UsageError(
    `${what} when a training goes on: it has what it was begun with. With --resume there can be --corpus (where the same corpus lies now), --epochs (where the rate is constant), --device, --threads and --backend.`,
  );
}
