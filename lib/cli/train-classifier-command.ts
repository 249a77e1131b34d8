import type { Command } from 'commander';
import { type Execute, UsageError } from './command-context.js';
import { type DeviceName, deviceName, integerFrom } from './option-parsing.js';

/** What the command line puts in place of what a configuration says. */
export interface ClassifierChanges {
  /** Folder of the recordings. */
  readonly folder?: string;
  readonly epochs?: number;
  readonly threads?: number;
}

/** A training of a classifier, from its beginning or from its last checkpoint. */
export interface TrainClassifierRequest {
  /** A JSON file, or the folder of a run. */
  readonly from: { readonly config: string; readonly out?: string } | { readonly run: string };
  readonly changes: ClassifierChanges;
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
}

interface TrainClassifierFlags extends ClassifierChanges {
  readonly out?: string;
  readonly resume?: string;
  readonly device?: DeviceName;
}

/** `fewsound train-classifier`: declares it; the work is loaded when it is called. */
export function addTrainClassifierCommand(program: Command, execute: Execute): void {
  const command = program
    .command('train-classifier')
    .argument('[config]', 'a JSON file: model, data and training (configs/classifiers holds some)')
    .summary('train a CNN that tells recordings apart by their waveform')
    .description(
      'Trains a classifier on recordings of several classes and writes a folder with checkpoints, the log, events for TensorBoard, the convolutions after every epoch, what the best model makes of recordings that training never heard, and a report of all of it.',
    )
    .usage('CONFIG.json [options]\n       fewsound train-classifier --resume RUN')
    .option('--out <folder>', 'folder of the run; default: fewsound-out/NAME of CONFIG')
    .option('--resume <folder>', 'go on with the training in this folder from its last checkpoint')
    .option('--folder <folder>', 'the recordings, in place of those in CONFIG')
    .option('--epochs <count>', 'in place of those in CONFIG', integerFrom(1))
    .option('--device <name>', 'cpu, cuda or cuda:N; default: CUDA where there is one', deviceName)
    .option('--threads <count>', "threads of the CPU; default: LibTorch's choice", integerFrom(1))
    .option('-q, --quiet', 'no progress on standard error');
  command.action((config: string | undefined) =>
    execute(command, async (context) => {
      const { out, resume, device, ...flags } = command.opts<TrainClassifierFlags>();
      const { folder, epochs, threads } = flags;
      const changes: ClassifierChanges = {
        ...(folder !== undefined && { folder }),
        ...(epochs !== undefined && { epochs }),
        ...(threads !== undefined && { threads }),
      };
      const { trainClassifierRun } = await import('./train-classifier.js');
      return trainClassifierRun(
        { from: originOf(config, out, resume), changes, ...(device !== undefined && { device }) },
        context,
      );
    }),
  );
}

function originOf(
  config: string | undefined,
  out: string | undefined,
  resume: string | undefined,
): TrainClassifierRequest['from'] {
  if (resume === undefined) {
    if (config !== undefined) return { config, ...(out !== undefined && { out }) };
    throw new UsageError('missing the configuration: fewsound train-classifier CONFIG.json');
  }
  if (config === undefined && out === undefined) return { run: resume };
  const what = config === undefined ? '--out cannot change' : `${config} is not read`;
  throw new UsageError(
    `${what} when a training goes on: it has what it was begun with. With --resume there can be --folder (where the same recordings lie now), --epochs (where the rate is constant), --device and --threads.`,
  );
}
