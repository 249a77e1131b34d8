import { basename, extname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { openCorpus, type PreparedCorpus } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import {
  createHyperNetwork,
  type FewSound,
  type HyperNetwork,
  type HyperSound,
} from '../../nn/index.js';
import { runsTable } from '../../report/runs-table.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import {
  type RunFiles,
  runFiles,
  type TrainOptions,
  train,
  type ValidationRecord,
} from '../../train/index.js';
import { setUpTraining } from '../../train/train-options.js';
import {
  type CommandContext,
  type CommandResult,
  type Execute,
  type SilentResult,
  UsageError,
} from '../command.js';
import { type DeviceName, deviceName, integerFrom } from '../flags/parsers.js';
import { readOutcome, type TrainingOutcome, validationJson } from '../runs/outcome.js';
import { asOneOfSeveral, chooseDevice, joinProcesses, processPlace } from '../runs/processes.js';
import { modelFacts, settingsOf, type TrainedRun, writeRunReport } from '../runs/report.js';
import {
  type CompleteConfig,
  type ConfigChanges,
  changedConfig,
  readTrainConfig,
} from '../runs/train-config.js';
import { TRAIN_FILE } from '../runs/trained-model.js';
import {
  afterTrainingFailure,
  howToGoOn,
  keepConfiguration,
  requireCheckpoint,
  requireFreeFolder,
  withPlace,
} from '../runs/training.js';
import { trainingDisplay, validationLine } from '../terminal/progress.js';

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
        return resumeTraining({ folder: resume, changes, machine }, context);
      }
      if (config === undefined) {
        throw new UsageError('missing the configuration: fewsound train CONFIG.json');
      }
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

/** The result of a training: for `--json`, and for people. */
export function trainingText(run: TrainedRun, outcome: TrainingOutcome): CommandResult {
  const { files, title, model, device, processes } = run;
  const { steps, epochs, loss, seconds, best, validation, warnings } = outcome;
  const parameters = model.parameters as number;
  return {
    json: {
      run: files.folder,
      name: title,
      model: model.kind,
      parameters,
      epochs,
      steps,
      loss,
      best: validationJson(best),
      validation: validationJson(validation),
      seconds,
      device,
      processes,
      ...(warnings.length > 0 && { warnings }),
      report: files.report,
    },
    text: [
      ...(best === null
        ? []
        : [runsTable([row('best', best), ...lastRow(outcome)], { title: 'Validation' }), '']),
      `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}, last loss ${loss?.toPrecision(4) ?? 'not finite'}`,
      '',
      ...warnings.flatMap((warning) => [`Warning: ${warning}`, '']),
      `Run in ${files.folder}; the report is ${files.report}`,
    ].join('\n'),
  };
}

function lastRow({ best, validation }: TrainingOutcome) {
  return validation === null || validation.step === best?.step ? [] : [row('last', validation)];
}

function row(which: string, record: ValidationRecord) {
  const { kind: _, step: __, epoch, loss: ___, seconds: ____, ...metrics } = record;
  return { name: `${which}, after epoch ${epoch}`, metrics };
}

type Result = Promise<CommandResult | SilentResult>;

/** A training from its beginning: `fewsound train CONFIG.json`. */
export function startTraining(request: TrainRequest, context: CommandContext): Result {
  const { config: path, changes, machine } = request;
  const name = basename(path, extname(path));
  const folder = resolve(request.out ?? join('fewsound-out', name));
  return asOneOfSeveral(context, async () => {
    const config = await readTrainConfig(
      path,
      'Give a JSON file with model, corpus and training; configs/ holds those of the paper.',
    );
    requireFreeFolder(runFiles(folder), 'train');
    const complete = changedConfig(path, config, changes);
    return new HyperRun(folder, path, { name, ...complete }, machine, false).run(context);
  });
}

/** A training from its last checkpoint: `fewsound train --resume RUN`. */
export function resumeTraining(
  { folder: path, changes, machine }: ResumeTrainingRequest,
  context: CommandContext,
): Result {
  const folder = resolve(path);
  const source = join(folder, TRAIN_FILE);
  return asOneOfSeveral(context, async () => {
    const config = await readTrainConfig(source, 'Is this the folder of a `fewsound train`?');
    requireCheckpoint(runFiles(folder), source);
    const complete = changedConfig(source, config, changes);
    return new HyperRun(folder, source, complete, machine, true).run(context);
  });
}

/** One run of `fewsound train` in its folder. */
class HyperRun {
  private readonly place = processPlace();
  private readonly files: RunFiles;

  constructor(
    folder: string,
    /** The file that the configuration is from. */
    private readonly source: string,
    private readonly config: CompleteConfig,
    private readonly machine: TrainMachine,
    private readonly resume: boolean,
  ) {
    this.files = runFiles(folder);
  }

  async run(context: CommandContext): Promise<CommandResult> {
    const corpus = await openCorpus(this.config.corpus.prepared);
    try {
      const model = this.makeModel();
      try {
        return await this.trainModel(model, corpus, context);
      } finally {
        model.dispose();
      }
    } finally {
      await corpus.close();
    }
  }

  private makeModel(): FewSound | HyperSound {
    const { kind, ...options } = this.config.model;
    const asked = this.machine.device ?? (options.device as TrainMachine['device']);
    const device = chooseDevice(asked, this.place);
    return this.checked('model', () =>
      createHyperNetwork(kind, { ...options, device }),
    ) as FewSound;
  }

  private async trainModel(
    model: FewSound | HyperSound,
    corpus: PreparedCorpus,
    context: CommandContext,
  ): Promise<CommandResult> {
    const group = await joinProcesses(model.options.device, this.machine.backend);
    const options: TrainOptions = {
      ...this.config.training,
      folder: this.files.folder,
      resume: this.resume,
      signal: context.signal,
      ...(group !== null && { group }),
    };
    try {
      const setup = this.checked('training', () => setUpTraining(model, corpus, options));
      const run: TrainedRun = {
        title: this.config.name ?? basename(this.files.folder),
        ...(this.config.comment !== undefined && { comment: this.config.comment }),
        files: this.files,
        ...modelFacts(model),
        training: settingsOf(setup.options),
        corpus,
        stepsPerEpoch: setup.stepsPerEpoch,
        plannedSteps: setup.options.epochs * setup.stepsPerEpoch,
        device: model.options.device,
        processes: this.place.size,
      };
      // A folder with this file can be resumed; one that is resumed has it.
      if (!this.resume && this.place.rank === 0) await this.writeConfig(model);
      await this.goThrough(model, corpus, options, run, context);
      await group?.close();
      // Room for the best model.
      model.dispose();
      return this.place.rank === 0 ? await this.result(run) : { json: {}, text: '' };
    } catch (error) {
      group?.dispose();
      throw error;
    }
  }

  private async goThrough(
    model: FewSound | HyperSound,
    corpus: PreparedCorpus,
    options: TrainOptions,
    run: TrainedRun,
    context: CommandContext,
  ): Promise<void> {
    const quiet = context.quiet || this.place.rank > 0;
    const display = await trainingDisplay({ ...context, quiet });
    display.note(
      `${formatCount(model.parameterCount)} parameters, ${formatCount(corpus.train.length)} segments for training, on ${run.device}${run.processes > 1 ? ` and ${run.processes - 1} more` : ''}: ${this.files.folder}`,
    );
    let begun: Promise<void> | undefined;
    try {
      await train(model, corpus, {
        ...options,
        onProgress: (progress) => {
          // What a resumed training has otherwise is kept once it is known to go on.
          if (this.resume && this.place.rank === 0) begun ??= this.writeConfig(model);
          display.update(progress);
        },
        onValidation: (result) => display.note(validationLine(result)),
        onWarning: ({ message }) => display.note(`warning: ${message}`),
      });
      display.stop();
      await begun;
    } catch (error) {
      display.stop();
      await begun?.catch(() => {});
      throw await this.afterFailure(error, run);
    }
  }

  private writeConfig(model: HyperNetwork): Promise<void> {
    return keepConfiguration(this.files.folder, TRAIN_FILE, this.config, model);
  }

  private async result(run: TrainedRun): Promise<CommandResult> {
    const outcome = await readOutcome(this.files);
    await writeRunReport(run, outcome);
    return trainingText(run, outcome);
  }

  private async afterFailure(error: unknown, run: TrainedRun): Promise<unknown> {
    if (error instanceof FewSoundError && error.code === 'PROCESS_GROUP') {
      const goOn = howToGoOn(this.files, 'train');
      return new FewSoundError('PROCESS_GROUP', `${error.message} ${goOn}`, { cause: error });
    }
    if (this.place.rank > 0) return error;
    return afterTrainingFailure(error, this.files, 'train', () => this.result(run));
  }

  /** Work on a part of the configuration: what is wrong there is named with its place in the file. */
  private checked<T>(part: 'model' | 'training', work: () => T): T {
    try {
      return work();
    } catch (error) {
      // How much a model hears is its own option, though only the corpus tells that it is too much.
      const ofModel = error instanceof FewSoundError && error.field === 'samples';
      throw withPlace(error, this.source, ofModel ? 'model' : part);
    }
  }
}
